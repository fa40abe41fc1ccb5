import type { AwsConfig } from '#aws'
import {
  CallError,
  type Clock,
  deadline,
  InputError,
  iso,
  type Journal,
  LeaseLost,
  messageOf,
  passes,
  type Result,
  type Run,
  setBy,
  span,
} from '#core'
import { askLife, type GitHub } from '#github'
import type { common, EnvironmentConfig, Given, Spec } from '#inputs'
import {
  addLost,
  changeRecord,
  compareLease,
  connect,
  mergeReached,
  noJournal,
  openStore,
  type Store,
} from '#store'
import { checkAccount, type Login } from './credentials.ts'
import { attach, type HeldRecord, type JournalKind } from './journal.ts'
import { type NamedEnvironment, type Resolved, readSettings, settle } from './settings.ts'

/** What an action's own code is given. */
export interface Job<S extends Spec, Settings> {
  readonly given: Given<S>
  readonly settings: Settings
  readonly run: Run
  readonly aws: AwsConfig
  /** Undefined without the input `token`: what needs GitHub says so. */
  readonly github: GitHub | undefined
  /** Undefined only for a single action that names no store. */
  readonly store: Store | undefined
  readonly environment: NamedEnvironment | undefined
  /** This process's environment variables, for programs that an action starts. */
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** An action: its name, its inputs, where it journals, how inputs and configuration become settings, what it does. */
export interface Definition<S extends Spec, Settings> {
  readonly name: string
  readonly inputs: S
  readonly journal: JournalKind | ((given: Given<S>) => JournalKind)
  /** Pure. Throws `InputError` with all problems. */
  readonly settings: (given: Given<S>, environment: EnvironmentConfig | undefined) => Settings
  readonly run: (job: Job<S, Settings>) => Promise<Result>
  /** Outputs of a run that ended before its own code could set any: what a later step must not take for empty. */
  readonly fallback?: Readonly<Record<string, string>>
  /** What goes on without this process when it is ended in the middle, and what to do then: one sentence. */
  readonly goesOn?: string
  /** What a person can do while the store cannot be read. */
  readonly byHand?: (settings: Settings) => readonly string[]
}

/** Everything that an action finds outside of itself: the runner, the time, and how AWS is reached. */
export interface World extends Pick<Run, 'clock' | 'report' | 'identity' | 'folder' | 'onCut'> {
  readonly input: (name: string) => string
  readonly login: (given: Login) => AwsConfig
  /** GitHub's API with a token, for the repository of this run. */
  readonly hub: (token: string) => GitHub
  readonly variables: Job<Spec, unknown>['variables']
}

/**
 * Does what an action does between its inputs and its result: settings, login, store, lease and journal, its own code, and how
 * it ended into the record. Throws what goes wrong before its own code begins; see `resultOf`.
 */
export async function act<S extends Spec, Settings>(
  definition: Definition<S, Settings>,
  world: World,
): Promise<Result> {
  const read = readSettings(definition.inputs, world.input)
  const { given, resolved } = read
  const settings = settle(read, definition.settings)
  const byHand = definition.byHand?.(settings) ?? []
  const helpless = (thrown: unknown) => resultByHand(thrown, byHand)
  return perform(definition, world, { given, resolved, settings, helpless }).catch(helpless)
}

interface Prepared<S extends Spec, Settings> {
  readonly given: Given<S>
  readonly resolved: Resolved
  readonly settings: Settings
  /** Turns a failure of the store into a result; throws every other. */
  readonly helpless: (thrown: unknown) => Result
}

async function perform<S extends Spec, Settings>(
  definition: Definition<S, Settings>,
  world: World,
  { given, resolved, settings, helpless }: Prepared<S, Settings>,
): Promise<Result> {
  const { report, identity, folder, variables } = world
  const shared = given as Given<typeof common>
  const { region, role, environment } = resolved
  const aws = world.login({
    action: definition.name,
    region,
    role,
    runId: identity.runId,
    lasts: shared.timeout,
    report,
  })
  const store = await openNamedStore(aws, resolved)
  const { token } = given as { token?: string }
  const github = token === undefined ? undefined : hub(world, token)
  const clock = clockOf(world, store)
  const bare: Run = {
    clock,
    deadline: deadline(clock, shared.timeout),
    pollInterval: shared['poll-interval'],
    dryRun: shared['dry-run'],
    report,
    identity,
    folder,
    journal: noJournal(clock, report, identity.runId),
    lifeOf: (of) => askLife(github, of),
    ...(world.onCut ? { onCut: world.onCut } : {}),
  }
  const kind =
    typeof definition.journal === 'function' ? definition.journal(given) : definition.journal
  const record = (given as { record?: string }).record
  const attached = await attach(bare, store, { kind, record })
  if (attached.is === 'stopped') return attached.result
  const run = { ...bare, journal: attached.journal as Journal }
  const job = { given, settings, run, aws, github, store, environment, variables }
  const from = iso(clock.now())
  const result = await definition.run(job).catch(helpless).catch(unlessLost)
  if (attached.record && store && !run.dryRun)
    await writePart(run, store, {
      record: attached.record,
      name: partName(definition.name, given),
      from,
      result,
    })
  return result
}

/** Whoever has a store goes by its clock: a runner's may be wrong, and what it writes is compared with what others wrote. */
function clockOf(
  { clock, report }: Pick<World, 'clock' | 'report'>,
  store: Store | undefined,
): Clock {
  const common = store === undefined ? clock : setBy(clock, store.objects.serverTime())
  // The same clock read twice differs by a moment.
  const ahead = common === clock ? 0 : clock.now() - common.now()
  if (ahead !== 0)
    report.warning(
      `this machine's clock is ${span(Math.abs(ahead))} ${ahead > 0 ? 'ahead' : 'behind'}: the store's is used`,
    )
  return common
}

function hub(world: World, token: string): GitHub {
  world.report.mask(token)
  return world.hub(token)
}

async function openNamedStore(aws: AwsConfig, resolved: Resolved): Promise<Store | undefined> {
  if (resolved.store === undefined && resolved.allowedAccounts.length === 0) return undefined
  const account = await checkAccount(aws, resolved.allowedAccounts)
  if (resolved.store === undefined || resolved.environmentName === undefined) return undefined
  const where = { environment: resolved.environmentName, account, region: resolved.region }
  return openStore(connect(aws, resolved.store), where)
}

const partName = (name: string, given: object) =>
  [name, (given as { mode?: string }).mode].filter(Boolean).join(' ')

/** Who lost the lease writes nothing more, not even how it ended (P10): the record is somebody else's now. */
function unlessLost(thrown: unknown): Result {
  if (thrown instanceof LeaseLost) throw thrown
  return resultOf(thrown)
}

/** Without its store this suite cannot act, but a person can: the failure says how (P12). Throws what is no failure of the store. */
function resultByHand(thrown: unknown, byHand: readonly string[]): Result {
  const isOfStore = thrown instanceof CallError && thrown.action.startsWith('s3:')
  if (!isOfStore || byHand.length === 0) throw thrown
  const result = resultOf(thrown)
  return { ...result, next: [...(result.next ?? []), ...byHand] }
}

/** Keeps how this action ended in the record, where `rollback-report` finds it whatever happened to the job. */
async function writePart(
  run: Run,
  store: Store,
  part: {
    readonly record: HeldRecord
    readonly name: string
    readonly from: string
    readonly result: Result
  },
): Promise<void> {
  const { record, name, from, result } = part
  await compareLease(store, record.lease)
  const { outcome, headline, next = [], leaves = [], reached = [], lost = [] } = result
  const ended = { outcome, headline, from, at: iso(run.clock.now()), run: run.identity.runId }
  const notes = {
    ...(!passes(outcome) && next.length > 0 && { next: short(next) }),
    ...(leaves.length > 0 && { leaves: short(leaves) }),
  }
  await changeRecord(store, record.id, (current) => ({
    ...current,
    parts: { ...current.parts, [name]: { ...ended, ...notes } },
    ...(reached.length > 0 && { reached: mergeReached(current.reached, reached) }),
    ...(lost.length > 0 && {
      impact: { ...current.impact, rowsLost: addLost(current.impact?.rowsLost, lost) },
    }),
  }))
}

/** A record must stay small. */
const short = (lines: readonly string[]) => lines.slice(0, 8).map((line) => line.slice(0, 500))

/** Turns what was thrown into a result that says what, on which thing, and what to do next. */
export function resultOf(thrown: unknown): Result {
  if (thrown instanceof LeaseLost) {
    return {
      outcome: 'superseded',
      headline: `${thrown.message}: nothing more was sent`,
      next: ['wait for that run to end, look at what it did, then run again if it is still needed'],
    }
  }
  if (thrown instanceof InputError) {
    return {
      outcome: 'failed',
      headline: `${thrown.problems.length === 1 ? 'an input is' : `${thrown.problems.length} inputs are`} wrong; nothing was changed`,
      sections: [
        {
          title: 'Wrong inputs',
          columns: ['problem'],
          rows: thrown.problems.map((problem) => [problem]),
        },
      ],
      next: thrown.problems,
    }
  }
  if (thrown instanceof CallError) {
    return { outcome: 'failed', headline: thrown.message, next: [thrown.next] }
  }
  const where =
    thrown instanceof Error ? (thrown.stack ?? '').split('\n').slice(1, 3).join(' ') : ''
  return {
    outcome: 'failed',
    headline: `a fault of this action: ${messageOf(thrown)}`,
    next: [`run again; if it stays, open an issue with this line: ${where.trim()}`],
  }
}
