/** The next commands a person can copy. The workflow's name is that of the example caller, `rollback.yml`. */

/** Presses the Rollback button: `gh workflow run rollback.yml …`. */
export function buttonCommand(
  environment: string,
  given: {
    readonly consent?: string
    readonly to?: string
    readonly dryRun?: boolean
    /** What alone goes back; everything when undefined. */
    readonly only?: readonly string[] | undefined
  },
): string {
  const inputs = [
    `environment=${environment}`,
    `to=${given.to ?? 'auto'}`,
    `dry-run=${given.dryRun ?? false}`,
    ...(given.only === undefined ? [] : [`components=${given.only.join(',')}`]),
    ...(given.consent === undefined ? [] : [`consent=${given.consent}`]),
  ]
  return `gh workflow run rollback.yml ${inputs.map((input) => `-f ${quoted(input)}`).join(' ')}`
}

/** Closes an open record by hand. */
export function closeCommand(environment: string, record: string): string {
  return `gh workflow run rollback.yml -f environment=${environment} -f close=${record} -f dry-run=false -f reason="fix forward"`
}

/** Sets the desired count of a service by hand, with nothing but the AWS CLI. */
export function scaleCommand(
  region: string,
  given: { readonly cluster: string; readonly service: string; readonly count: number },
): string {
  const { cluster, service, count } = given
  return `aws ecs update-service --region ${region} --cluster ${quoted(cluster)} --service ${quoted(service)} --desired-count ${count}`
}

/** Which scaling of a service was suspended before we suspended all of it, as the journal has it. */
export interface SuspendedScaling {
  readonly in: boolean
  readonly out: boolean
  readonly scheduled: boolean
}

/** Brings a service's autoscaling back by hand. */
export function resumeScalingCommand(
  region: string,
  given: {
    readonly cluster: string
    readonly service: string
    readonly suspended: SuspendedScaling
  },
): string {
  const { cluster, service, suspended } = given
  const state = `DynamicScalingInSuspended=${suspended.in},DynamicScalingOutSuspended=${suspended.out},ScheduledScalingSuspended=${suspended.scheduled}`
  return `aws application-autoscaling register-scalable-target --region ${region} --service-namespace ecs --scalable-dimension ecs:service:DesiredCount --resource-id ${quoted(`service/${cluster}/${service}`)} --suspended-state ${state}`
}

/** Stops services by hand. */
export function stopCommands(
  region: string,
  services: { readonly cluster: string; readonly names: readonly string[] } | undefined,
): readonly string[] {
  if (services === undefined) return []
  const { cluster, names } = services
  return names.map((service) => scaleCommand(region, { cluster, service, count: 0 }))
}

/** Puts services back by hand, with nothing but the AWS CLI: see docs/by-hand.md. */
export function byHandCommands(
  services: { readonly cluster: string; readonly names: readonly string[] } | undefined,
): readonly string[] {
  return (services?.names ?? []).map(
    (name) =>
      `by hand meanwhile (docs/by-hand.md of rollback-actions): aws ecs update-service --cluster ${quoted(services?.cluster ?? '')} --service ${quoted(name)} --task-definition <family:revision that was good>`,
  )
}

/** A word for a POSIX shell. */
const quoted = (word: string) =>
  /^[\w./:@=,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
