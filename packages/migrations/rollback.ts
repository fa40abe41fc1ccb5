import { messageOf, type Result, type Run, type Written } from '#core'
import { applyChange, type Database } from '#sql'
import type { Store } from '#store'
import {
  addedSince,
  type BackPlan,
  byReview,
  checkStep,
  isLossy,
  planDowns,
  planReviewed,
  type Step,
} from './back-plan.ts'
import { type Opener, observeLedger } from './capture.ts'
import { findDowns } from './downs.ts'
import type { Ledger } from './ledger.ts'
import { estimate, lossesIn } from './loss.ts'
import type { BackSettings } from './revert-settings.ts'
import { readReviewed } from './reviewed.ts'
import {
  type Apply,
  chooseRunner,
  failedTry,
  type Login,
  objection,
  type Runner,
  runStep,
  type Surroundings,
  type TaskPorts,
} from './runners.ts'
import { type LedgerSettings, ledgerSettings } from './settings.ts'
import { linesOf, nameOf, resultOf, type Told } from './table.ts'
import { findTarget, type Target } from './target.ts'

/** What reverting works with. */
export interface BackPorts extends TaskPorts {
  readonly opener: Opener
  readonly store: Store | undefined
  /** Reads and masks the connection secret. */
  readonly login: (run: Run, connection: string) => Promise<Login>
  /** This action's own environment. */
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Our own transaction; the real one unless another is given. */
  readonly apply?: Apply
}

/** Everything that is known before the first step. */
interface Scene {
  readonly target: Target
  readonly database: Database
  readonly around: Surroundings
  readonly runner: Runner
  readonly steps: readonly Step[]
  readonly first: Ledger
  readonly told: Told
}

/** The scene, or how the action ends without one. */
type Found =
  | { readonly is: 'scene'; readonly scene: Scene }
  | { readonly is: 'end'; readonly result: Result }

const end = (result: Result): Found => ({ is: 'end', result })
const refused = (why: string, next: readonly string[], left: readonly string[] = []): Found =>
  end(resultOf('refused', `${why}; nothing was changed`, { next, left }))

/**
 * Reverts exactly the migrations that were applied since the restore point, newest first, and proves after each step that exactly
 * its row left the ledger. Everything is judged before the first step. A repeat goes on where the ledger stands.
 */
export async function revert(run: Run, ports: BackPorts, settings: BackSettings): Promise<Result> {
  const target = await findTarget(run, settings, ports.store)
  if (target.is !== 'target') {
    const { is, why, next } = target
    return is === 'unchanged'
      ? resultOf('unchanged', why, {})
      : resultOf('refused', `${why}; nothing was changed`, { next })
  }
  run.report.info(`destination: ${target.why}`)
  const found = await findScene(run, ports, { settings, target })
  if (found.is === 'end') return found.result
  const { scene } = found
  for (const line of linesOf(scene.told)) run.report.info(line)
  if (run.dryRun)
    return resultOf('planned', headlineOf(scene), {
      told: scene.told,
      left: versionsOf(scene.steps),
    })
  return unauthorized(scene) ?? carryOut(run, scene)
}

const versionsOf = (steps: readonly Step[]) => steps.flatMap(({ versions }) => versions)
const headlineOf = ({ steps, runner }: Scene) =>
  `${versionsOf(steps).join(', ')} would be reverted by ${runner.why}`

async function findScene(
  run: Run,
  ports: BackPorts,
  { settings, target }: { readonly settings: BackSettings; readonly target: Target },
): Promise<Found> {
  const ledger = ledgerSettings(settings.ledger)
  const { destination } = target
  if (destination && (destination.tool !== ledger.tool || destination.table !== ledger.table)) {
    const was = `${destination.tool}'s ${destination.table}`
    return refused(
      `the restore point has the ledger ${was}, not ${ledger.tool}'s ${ledger.table}`,
      ['name the ledger of the restore point, or another restore point in to:'],
    )
  }
  const database = await ports.opener.open(run, settings.ledger.connection)
  const seen = await observeLedger(database, ledger)
  const planned = await planOf(ports, { settings, target, ledger, now: seen.ledger })
  if ('ledgerFault' in planned) {
    return refused(planned.ledgerFault, [
      `look at ${ledger.table} and at what happened to these migrations, correct the ledger, then run again`,
    ])
  }
  const { plan, added } = planned
  if (plan.is === 'nothing') return end(nothing(run, target, seen.schemaFingerprint))
  if (plan.is === 'refused') return refused(plan.why, plan.next, added)
  const { steps } = plan
  const { variables, apply = applyChange } = ports
  const login = await ports.login(run, settings.ledger.connection)
  const around = { login, apply, ledger, settings, variables, tasks: ports }
  const runner = chooseRunner(around)
  const cannot =
    typeof runner === 'string' ? runner : steps.map((step) => objection(runner, step)).find(Boolean)
  if (typeof runner === 'string' || cannot) return refused(String(cannot), byReview(added), added)
  const told = { runner: runner.why, rows: await rowsOf(database, steps) }
  return {
    is: 'scene',
    scene: { target, database, around, runner, steps, first: seen.ledger, told },
  }
}

interface Planning {
  readonly settings: BackSettings
  readonly target: Target
  readonly ledger: LedgerSettings
  readonly now: Ledger
}

type Planned =
  | { readonly plan: BackPlan; readonly added: readonly string[] }
  | { readonly ledgerFault: string }

async function planOf(
  ports: BackPorts,
  { settings, target, ledger, now }: Planning,
): Promise<Planned> {
  const reviewed =
    settings.reviewed === undefined ? undefined : await readReviewed(settings.reviewed)
  const without = now.applied.filter((version) => !reviewed?.versions.includes(version))
  const since = addedSince(target.destination?.applied ?? without, now)
  if ('why' in since) return { ledgerFault: since.why }
  const { added } = since
  if (reviewed) return { added, plan: planReviewed(added, reviewed) }
  const { known } = target
  return { added, plan: planDowns(await findDowns(ports.store, { known, ledger, added })) }
}

const rowsOf = (database: Database, steps: readonly Step[]) =>
  Promise.all(
    steps.map(async (step) => ({
      step,
      lost: await estimate(database, lossesIn(step)),
      state: 'not begun',
    })),
  )

/** What was written down of earlier tries of this rollback. A dry run has no journal and reads the record. */
function entriesOf(run: Run, { record }: Target): readonly Written[] {
  const all = run.dryRun ? ((record?.journal ?? []) as readonly Written[]) : run.journal.entries()
  return all.filter(
    ({ component, operation }) => component === 'migrations' && operation === 'revert',
  )
}

/** The ledger is where it should be: because nothing was applied, or because an earlier try of this rollback finished. */
function nothing(run: Run, target: Target, fingerprint: string): Result {
  const entries = entriesOf(run, target)
  const same =
    target.destination === undefined || target.destination.schemaFingerprint === fingerprint
  if (entries.length === 0) {
    if (!same) run.report.warning(differs)
    return resultOf(
      'unchanged',
      'nothing to revert: no migration was applied since the restore point',
      {},
    )
  }
  const reverted = [...new Set(entries.flatMap(({ on }) => on.split(',')))]
  const said = `${reverted.join(', ')} had been reverted before`
  return same
    ? resultOf('done', said, { reverted })
    : resultOf('partial', `${said}, but ${differs}`, { reverted, next: schemaNext })
}

const differs = "the schema's fingerprint differs from the one of the restore point"
const schemaNext = [
  'compare the schema with the one before (pg_dump --schema-only of a restored snapshot): a down did less or more than its up, or somebody changed the schema otherwise',
  'mend it by hand and take a new restore point, or restore the snapshot; then close the record with a reason',
]

/** Data that is lost needs consent: the record's, or `confirm-data-loss` for an action on its own (P1). */
function unauthorized({ steps, target, around, told }: Scene): Result | undefined {
  const lossy = steps.filter(isLossy)
  if (lossy.length === 0) return undefined
  const { record } = target
  const given = record ? /^(given|automatic)$/.test(record.consent) : around.settings.confirmed
  if (given) return undefined
  const next = howToConsent(record)
  const names = lossy.map(nameOf).join(', ')
  const why = `reverting ${names} loses data, and nobody consented to that; nothing was changed`
  return resultOf('refused', why, { told, left: versionsOf(steps), next })
}

function howToConsent(record: Target['record']): readonly string[] {
  if (record === undefined) {
    return ['run with dry-run: true to see what would be lost, then with confirm-data-loss: true']
  }
  if (record.consent === 'never') {
    return [
      'the configuration says data-restore: never: close the record with a reason and fix forward, or change data-restore and run again',
    ]
  }
  const { environment, planId } = record
  return [
    `press the Rollback button with consent: gh workflow run rollback.yml -f environment=${environment} -f to=auto -f dry-run=false -f consent=${planId}`,
    'or keep the data, and close the record with a reason to fix forward',
  ]
}

async function carryOut(run: Run, scene: Scene): Promise<Result> {
  const { around, runner, steps } = scene
  let before = scene.first
  for (const [index, step] of steps.entries()) {
    await run.journal.intend([
      {
        component: 'migrations',
        operation: 'revert',
        on: step.versions.join(','),
        detail: {
          by: runner.by,
          sha256: step.run === 'down' ? step.down.sha256 : step.reviewed.sha256,
        },
      },
    ])
    const said = await runStep(run, around, { runner, step })
    const after = await look(scene)
    const why = said.is === 'ended' ? undefined : said.why
    if (typeof after === 'string') return stopped(scene, { index, why: after, is: 'unknown' })
    const checked = checkStep(step, before, after.ledger)
    if (checked.is === 'wrong') return stopped(scene, { index, why: checked.why, is: 'wrong' })
    if (checked.is === 'not-reverted') {
      if (runner.by === 'task' && said.is !== 'unfinished') {
        const on = step.versions.join(',')
        await run.journal.intend([{ component: 'migrations', operation: failedTry, on }])
      }
      return stopped(scene, {
        index,
        why: why ?? 'it ended well and the ledger is as before',
        is: 'same',
      })
    }
    if (why !== undefined)
      run.report.warning(`${nameOf(step)}: ${why}; the ledger says that it was reverted`)
    run.report.info(`${nameOf(step)}: reverted`)
    before = after.ledger
  }
  return proved(scene)
}

/** Looks at ledger and schema; a text says why that was not possible. */
const look = ({ database, around }: Scene) =>
  observeLedger(database, around.ledger).catch(
    (thrown: unknown) => `the ledger cannot be read: ${messageOf(thrown)}`,
  )

interface Stop {
  /** Of the step at which it ended. */
  readonly index: number
  readonly why: string
  /** `same`: the step left the ledger as it was. */
  readonly is: 'same' | 'wrong' | 'unknown'
}

function stopped({ steps, told, around }: Scene, { index, why, is }: Stop): Result {
  const reverted = versionsOf(steps.slice(0, index))
  const left = versionsOf(steps.slice(index))
  const step = steps[index]
  const name = step ? nameOf(step) : ''
  const rows = told.rows.map((row, at) => ({
    ...row,
    state: at < index ? 'reverted' : at === index ? `stopped: ${why}` : 'not begun',
  }))
  const next =
    is === 'same'
      ? [`mend the cause and run this step again: it goes on with ${left[0]}`, ...byReview(left)]
      : [
          `look at the ledger before anything else: select * from ${around.ledger.table}`,
          'put it right by hand, then run this step again: it goes on where the ledger stands',
        ]
  const before = reverted.length > 0 ? `reverted ${reverted.join(', ')}; ` : ''
  const outcome = is === 'same' && index === 0 ? 'failed' : 'partial'
  const after = is === 'unknown' ? 'perhaps still applied' : 'still applied'
  const headline = `${before}stopped at ${name}: ${why} (${after}: ${left.join(', ')})`
  return resultOf(outcome, headline, { told: { ...told, rows }, reverted, left, next })
}

/** The end is proved by ledger and schema, not by what the programs said. */
async function proved(scene: Scene): Promise<Result> {
  const { target, steps } = scene
  const reverted = versionsOf(steps)
  const rows = scene.told.rows.map((row) => ({ ...row, state: 'reverted' }))
  const more = { told: { ...scene.told, rows }, reverted }
  const said = `reverted ${reverted.join(', ')}`
  const { destination } = target
  if (destination === undefined) {
    return resultOf(
      'done',
      `${said}; there is no restore point whose schema could be compared`,
      more,
    )
  }
  const seen = await look(scene)
  if (typeof seen === 'string') {
    const next = ['run this step again: it compares ledger and schema']
    return resultOf('partial', `${said}, but ${seen}`, { ...more, next })
  }
  const applied = addedSince(destination.applied, seen.ledger)
  if ('why' in applied || applied.added.length > 0) {
    const why = 'why' in applied ? applied.why : `${applied.added.join(', ')} came meanwhile`
    const next = ['look who migrates at the same time, then run this step again']
    return resultOf('partial', `${said}, but ${why}`, { ...more, next })
  }
  return seen.schemaFingerprint === destination.schemaFingerprint
    ? resultOf('done', `${said}; ledger and schema are those of the restore point`, more)
    : resultOf('partial', `${said}, but ${differs}`, { ...more, next: schemaNext })
}
