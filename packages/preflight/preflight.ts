import type { AwsConfig } from '#aws'
import { InputError, type Result, type Run } from '#core'
import type { GitHub } from '#github'
import type { EnvironmentConfig } from '#inputs'
import { type Captures, capturesOf } from '#points'
import type { Store } from '#store'
import { connect, type PreflightClients } from './client.ts'
import { lookAt, refOf } from './environments.ts'
import { type Finding, resultOf } from './finding.ts'
import { liveFindings, observeLive } from './live.ts'
import { permissionFindings } from './permissions.ts'
import { consentFindings, rollbackFindings } from './protection.ts'
import { readinessFindings, storeFindings } from './readiness.ts'

/** The action's settings. */
export interface Settings {
  readonly config: EnvironmentConfig
  /** The GitHub environment in which the rollback runs. */
  readonly rollback: string
  /** The one in which consent is given. */
  readonly consent: string | undefined
  readonly role: string | undefined
}

/** Checks how the inputs fit together. Throws `InputError` with all problems. */
export function settings(
  given: {
    readonly environment: string | undefined
    readonly 'rollback-environment': string | undefined
    readonly 'consent-environment': string | undefined
    readonly 'role-to-assume': string | undefined
  },
  config: EnvironmentConfig | undefined,
): Settings {
  const { environment, 'consent-environment': consent } = given
  const rollback = given['rollback-environment'] ?? `${environment}-rollback`
  const problems = [
    ...(environment === undefined
      ? ['environment: expected a name: preflight looks at what the configuration file says of it']
      : []),
    ...(environment !== undefined && config === undefined
      ? ['config: expected the configuration file: check out the repository before this step']
      : []),
    ...(consent !== undefined && consent.toLowerCase() === rollback.toLowerCase()
      ? [
          'consent-environment: expected another one than rollback-environment: one has reviewers, the other none',
        ]
      : []),
  ]
  if (problems.length > 0 || config === undefined) throw new InputError(problems)
  return { config, rollback, consent, role: given['role-to-assume'] ?? config.role }
}

/** What preflight looks with. */
export interface Ports {
  readonly captures: Captures
  readonly clients: PreflightClients
  readonly github: GitHub | undefined
  /** The runner's variables, which say for which branch the run is. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** The ports of a job. */
export function portsOf({
  aws,
  environment,
  store,
  github,
  variables,
}: Pick<Ports, 'github' | 'variables'> & {
  readonly aws: AwsConfig
  readonly environment: { readonly config: EnvironmentConfig } | undefined
  readonly store: Store | undefined
}): Ports {
  const captures = capturesOf(aws, environment?.config, store)
  return { captures, clients: connect(aws), github, variables }
}

/**
 * Looks whether a rollback of this environment would work, before anything is deployed: store, what runs, permissions, GitHub's
 * environments. Tells everything that is wrong at once. Throws `InputError` when no store is named.
 */
export async function preflight(
  run: Run,
  store: Store | undefined,
  ports: Ports,
  given: Settings,
): Promise<Result> {
  if (store === undefined) {
    throw new InputError([
      'store: expected a bucket: a rollback keeps its restore points and records there (input store, or store in the configuration file)',
    ])
  }
  const [written, ready, live, protection] = await Promise.all([
    storeFindings(run, store),
    readinessFindings(run, store, ports.captures),
    observeLive(ports.clients, given.config),
    protectionFindings(run, ports, given),
  ])
  const { components } = ready.captured
  const subject = { ...given, components, live }
  const permissions = await permissionFindings(run, store, ports.clients, subject)
  const account: Finding = {
    check: 'account',
    found: `${store.account}, ${store.region}`,
    is: 'fine',
  }
  const running = [...ready.findings, ...liveFindings(live)]
  const found = [account, ...written, ...running, ...permissions, ...protection]
  for (const one of found)
    if (one.is === 'doubt' || one.is === 'warning') run.report.warning(one.found)
  return resultOf(store.environment, found)
}

async function protectionFindings(
  run: Run,
  { github, variables }: Ports,
  { rollback, consent }: Settings,
): Promise<readonly Finding[]> {
  const { repository } = run.identity
  const [ofRollback, ofConsent] = await Promise.all([
    lookAt(github, rollback),
    consent === undefined ? undefined : lookAt(github, consent),
  ])
  return [
    ...rollbackFindings({ name: rollback, repository }, ofRollback, refOf(variables)),
    ...(consent !== undefined && ofConsent
      ? consentFindings({ name: consent, repository }, ofConsent)
      : []),
  ]
}
