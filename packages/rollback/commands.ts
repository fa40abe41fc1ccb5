/** The next commands a person can copy. The workflow's name is that of the example caller, `rollback.yml`. */

/** Presses the Rollback button: `gh workflow run rollback.yml …`. */
export function buttonCommand(
  environment: string,
  given: { readonly consent?: string; readonly to?: string },
): string {
  const inputs = [
    `environment=${environment}`,
    `to=${given.to ?? 'auto'}`,
    'dry-run=false',
    ...(given.consent === undefined ? [] : [`consent=${given.consent}`]),
  ]
  return `gh workflow run rollback.yml ${inputs.map((input) => `-f ${quoted(input)}`).join(' ')}`
}

/** Closes an open record by hand. */
export function closeCommand(environment: string, record: string): string {
  return `gh workflow run rollback.yml -f environment=${environment} -f close=${record} -f dry-run=false -f reason="fix forward"`
}

/** Stops services by hand, with nothing but the AWS CLI. */
export function stopCommands(
  services: { readonly cluster: string; readonly names: readonly string[] } | undefined,
): readonly string[] {
  return (services?.names ?? []).map(
    (name) =>
      `aws ecs update-service --cluster ${quoted(services?.cluster ?? '')} --service ${quoted(name)} --desired-count 0`,
  )
}

/** A word for a POSIX shell. */
const quoted = (word: string) =>
  /^[\w./:@=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
