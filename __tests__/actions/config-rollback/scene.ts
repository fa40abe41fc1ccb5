import {
  CreateSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
} from '@aws-sdk/client-secrets-manager'
import {
  GetParameterCommand,
  GetParameterHistoryCommand,
  PutParameterCommand,
  type PutParameterCommandInput,
} from '@aws-sdk/client-ssm'
import {
  type ConfigClients,
  type ConfigGiven,
  captureConfig,
  changeConfig,
  connect,
  type Reader,
  settings,
} from '#config'
import type { Entry, Journal, Result, Written } from '#core'
import {
  type ConfigState,
  envelope,
  openStore,
  type Record as RollbackRecord,
  type Store,
} from '#store'
import {
  inProcessHandler,
  type MemoryGateway,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'
import { memoryObjects } from '../../support/objects.ts'
import { memoryJournal, testRun } from '../../support/run.ts'
import { pointOf, put } from '../../support/store.ts'

export const MINUTE = 60_000
const ACCOUNT = '123456789012'
const REGION = 'us-east-1'

/** What the environment of the tests names. */
export const chosen = { secrets: ['app/jwt', 'app/key'], parameters: ['/app/', 'flag'] }

/** Values that must never be seen anywhere: canaries. */
export const canary = (what: string) => `canary-${what}-7f3a91`

/** How requests of the SDK travel. */
export type Transport = Pick<ReturnType<typeof inProcessHandler>, 'handle'>

/** The product's clients for a transport; answers carry no date, which virtual time would make a skewed clock of. */
export function clientsOf(transport: Transport): ConfigClients {
  const requestHandler = {
    ...(transport as ReturnType<typeof inProcessHandler>),
    handle: async (request: Parameters<Transport['handle']>[0]) => {
      const { response } = await transport.handle(request)
      const { date: _, ...headers } = response.headers as Record<string, string>
      return { response: { ...response, headers } }
    },
  }
  return connect({
    region: REGION,
    credentials: async () => ({ accessKeyId: ACCOUNT, secretAccessKey: 'x' }),
    maxAttempts: 8,
    retryMode: 'standard',
    customUserAgent: 'test',
    ...{ endpoint: 'http://sandbox.invalid', requestHandler },
  })
}

interface Options {
  readonly dryRun?: boolean
  readonly clients?: ConfigClients
  readonly journal?: Journal
  readonly readers?: readonly Reader[]
  readonly withoutStore?: boolean
}

/** An account with two secrets and some parameters in virtual time; the product sees it through the real SDK. */
export interface Scene {
  readonly clock: VirtualClock
  readonly gateway: MemoryGateway
  readonly clients: ConfigClients
  readonly store: Store
  /** What mutations were written down, kept between runs as a record keeps it. */
  readonly entries: Written[]
  /** Captures, and keeps what was captured as the verified point of this deployment. */
  readonly takePoint: () => Promise<ConfigState>
  /** New values everywhere, as a bad release brings them. */
  readonly deployBad: () => Promise<void>
  readonly putSecret: (name: string, value: string) => Promise<string>
  readonly putParameter: (more: Partial<PutParameterCommandInput>) => Promise<number>
  readonly run: (
    given?: Partial<ConfigGiven> & Options,
  ) => Promise<Result & { readonly lines: readonly string[] }>
  /** The value that a container would get now. */
  readonly secret: (name: string) => Promise<string>
  readonly parameter: (name: string) => Promise<string>
  readonly labels: (name: string) => Promise<Readonly<Record<string, readonly string[]>>>
  readonly versions: (name: string) => Promise<number>
}

/** Opens the account: secrets `app/jwt` and `app/key`, parameters below `/app/` and `flag`, each with one version. */
export async function scene(): Promise<Scene> {
  const clock = virtualClock()
  const gateway = memoryGateway({ clock })
  const clients = clientsOf(inProcessHandler(gateway))
  const where = { environment: 'production', account: ACCOUNT, region: REGION }
  const store = await openStore(memoryObjects(clock), where)
  const entries: Written[] = []
  const { putSecret, putParameter, ...looks } = verbsOf(clients)
  const at = { clock, gateway, clients, store, entries }
  for (const name of chosen.secrets) {
    const value = { Name: name, SecretString: canary(`good-${name}`) }
    await clients.secrets.send(new CreateSecretCommand(value))
  }
  for (const [Name, Type] of [
    ['/app/url', 'String'],
    ['/app/password', 'SecureString'],
    ['/app/deep/list', 'StringList'],
    ['flag', 'String'],
  ] as const) {
    await putParameter({ Name, Value: canary(`good-${Name}`), Type })
  }
  await clock.advance(MINUTE)
  return {
    ...at,
    ...looks,
    putSecret,
    putParameter,
    takePoint: () => takePoint(at),
    deployBad: async () => {
      for (const name of chosen.secrets) await putSecret(name, canary(`bad-${name}`))
      for (const Name of ['/app/url', '/app/password', '/app/deep/list', 'flag']) {
        await putParameter({ Name, Value: canary(`bad-${Name}`), Overwrite: true })
      }
      await clock.advance(MINUTE)
    },
    run: (given = {}) => runAction(at, given),
  }
}

function verbsOf({ secrets, ssm }: ConfigClients) {
  return {
    putSecret: async (SecretId: string, SecretString: string) => {
      const made = await secrets.send(new PutSecretValueCommand({ SecretId, SecretString }))
      return made.VersionId ?? ''
    },
    putParameter: async (more: Partial<PutParameterCommandInput>) => {
      const input = { Name: 'flag', Value: 'x', ...more }
      return (await ssm.send(new PutParameterCommand(input))).Version ?? 0
    },
    secret: async (SecretId: string) => {
      const given = { SecretId, VersionStage: 'AWSCURRENT' }
      return (await secrets.send(new GetSecretValueCommand(given))).SecretString ?? ''
    },
    parameter: async (Name: string) => {
      const found = await ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))
      return found.Parameter?.Value ?? ''
    },
    labels: async (SecretId: string) =>
      (await secrets.send(new DescribeSecretCommand({ SecretId }))).VersionIdsToStages ?? {},
    versions: async (Name: string) => {
      const found = await ssm.send(new GetParameterHistoryCommand({ Name }))
      return found.Parameters?.at(-1)?.Version ?? 0
    },
  }
}

type At = Pick<Scene, 'clock' | 'clients' | 'store' | 'entries'>

async function takePoint({ clock, clients, store }: At): Promise<ConfigState> {
  const { state } = await captureConfig(clients, chosen)(testRun({ clock }))
  await put(store, pointOf(store, 'production/4711/before', { components: { config: state } }))
  return state
}

/** A journal over the scene's entries: the next run reads what this one wrote. */
export function keptJournal({ clock, entries }: Pick<Scene, 'clock' | 'entries'>): Journal {
  const journal = memoryJournal(clock, entries)
  return {
    entries: () => entries,
    intend: async (planned: readonly Entry[]) => {
      const before = journal.written.length
      await journal.intend(planned)
      entries.push(...journal.written.slice(before))
    },
    beat: async () => {},
  }
}

async function runAction(
  at: At,
  { dryRun, clients, journal, readers, withoutStore, ...given }: Partial<ConfigGiven> & Options,
) {
  const run = testRun({
    clock: at.clock,
    journal: journal ?? keptJournal(at),
    ...(dryRun === undefined ? {} : { dryRun }),
  })
  const services = { cluster: 'prod', names: ['web', 'api'] }
  const inputs: ConfigGiven = { mode: 'rollback', to: 'auto', reason: 'wrong-value', ...given }
  const result = await changeConfig(
    run,
    {
      clients: clients ?? at.clients,
      store: withoutStore ? undefined : at.store,
      readers: async () => readers ?? [],
    },
    settings(inputs, { ...chosen, services, database: { connection: 'secret:app/database' } }),
  )
  return { ...result, lines: run.lines }
}

/** Puts a record of an earlier rollback with these entries into the store. */
export async function putRecord(store: Store, journal: readonly Written[]): Promise<void> {
  const record: RollbackRecord = {
    kind: 'record',
    ...envelope(store),
    id: 'production/4000/rollback-1',
    repository: 'acme/shop',
    undone: 'production/4000',
    from: 'b'.repeat(40),
    to: 'production/4000/before',
    profile: 'C',
    planId: 'p',
    consent: 'given',
    reason: 'rows were lost',
    actor: 'ada',
    trigger: 'button',
    state: 'closed',
    openedAt: '2026-11-21T03:00:00Z',
    runs: [],
    journal: journal as unknown as RollbackRecord['journal'],
    parts: {},
  }
  await put(store, record)
}
