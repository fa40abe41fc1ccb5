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
  return `gh workflow run rollback.yml ${inputs.map((input) => `-f ${input}`).join(' ')}`
}

/** Closes an open record by hand. */
export function closeCommand(environment: string, record: string): string {
  return `gh workflow run rollback.yml -f environment=${environment} -f close=${record} -f reason="fix forward"`
}
