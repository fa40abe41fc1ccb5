import { CallError, messageOf, type Run } from '#core'
import {
  createRollback,
  deploymentOfRun,
  type GitHub,
  type HubDeployment,
  rollbackDeployment,
  setStatus,
} from '#github'
import {
  changeRecord,
  type Record,
  readPoint,
  readRecord,
  type Store,
  type ToldGitHub,
} from '#store'
import { type Judged, judge } from './judge.ts'

/** Where deployments are shown to people: GitHub, and what it calls the environment. */
export interface Hub {
  /** Undefined without a token. */
  readonly github: GitHub | undefined
  readonly environment: string
}

/** The store that holds the record, and who is told of it. */
export interface Between {
  readonly store: Store
  readonly hub: Hub
}

/**
 * Marks the deployment that is undone as failed, and shows the rollback as a deployment that is under way. A failure of it is one
 * warning: nothing that GitHub answers changes what happens to the environment.
 */
export async function tellOpened(run: Run, { store, hub }: Between, id: string): Promise<void> {
  const { github, environment } = hub
  if (!github) return run.report.info('GitHub is told nothing of this rollback: no token')
  const told: { -readonly [N in keyof ToldGitHub]: ToldGitHub[N] } = {}
  await quietly(run, async () => {
    const record = await readRecord(store, id)
    if (!record) return
    const bad = await markFailed(run, { github, environment }, record)
    if (bad) told.failed = bad.id
    const ref = (await readPoint(store, record.to))?.runs
    const made = await showRollback(run, { github, environment }, { record, ref, bad })
    if (made !== undefined && made !== record.told?.deployment) told.deployment = made
  })
  if (Object.keys(told).length === 0) return
  await quietly(run, async () => {
    const added = (current: Record) => ({ ...current, told: { ...current.told, ...told } })
    await changeRecord(store, id, added)
  })
}

/** Says how the rollback ended: a success only when it was confirmed. */
export async function tellClosed(
  run: Run,
  { store, hub: { github, environment } }: Between,
  record: string,
): Promise<void> {
  if (!github) return
  await quietly(run, async () => {
    const found = await readRecord(store, record)
    const known = found?.told?.deployment
    const id = known ?? (await rollbackDeployment(github, { environment, record }))?.id
    if (found === undefined || id === undefined) return
    const { outcome, why } = endOf(found)
    await setStatus(github, id, {
      state: outcome === 'done' ? 'success' : outcome === 'failed' ? 'error' : 'failure',
      description: `${outcome}: ${why}`,
      logUrl: run.identity.runUrl,
    })
    run.report.info(`GitHub: deployment ${id} of ${environment} says how the rollback ended`)
  })
}

function endOf(record: Record): Judged {
  const { state, outcome, closedWhy = '' } = record
  return state === 'closed' && outcome !== undefined ? { outcome, why: closedWhy } : judge(record)
}

/** GitHub may be down, or the job may lack a permission: the record holds what happened all the same. */
async function quietly(run: Run, tell: () => Promise<void>): Promise<void> {
  try {
    await tell()
  } catch (thrown) {
    const next = thrown instanceof CallError ? `; ${thrown.next}` : ''
    run.report.warning(
      `GitHub shows nothing, or not all, of this rollback: ${messageOf(thrown)}${next}; nothing else is changed by that`,
    )
  }
}

type Reached = Hub & { readonly github: GitHub }

async function markFailed(
  run: Run,
  { github, environment }: Reached,
  record: Record,
): Promise<HubDeployment | undefined> {
  const { undone, from: sha, told } = record
  if (told?.failed !== undefined || sha === '') return undefined
  const of = undone.slice(undone.indexOf('/') + 1)
  const found = await deploymentOfRun(github, { environment, sha, run: of })
  if (found === undefined) {
    run.report.info(
      `GitHub has no deployment of ${sha.slice(0, 12)} to ${environment} by run ${of}`,
    )
    return undefined
  }
  await setStatus(github, found.id, {
    state: 'failure',
    description: `rolled back (${record.id}): ${record.reason}`,
    logUrl: run.identity.runUrl,
  })
  run.report.info(`GitHub: deployment ${found.id} of ${environment} is marked as failed`)
  return found
}

async function showRollback(
  run: Run,
  { github, environment }: Reached,
  given: {
    readonly record: Record
    /** The commit that goes back live. */
    readonly ref: string | undefined
    readonly bad: HubDeployment | undefined
  },
): Promise<number | undefined> {
  const { record, ref, bad } = given
  const { id: name, undone, to } = record
  const known =
    record.told?.deployment ?? (await rollbackDeployment(github, { environment, record: name }))?.id
  if (known === undefined && ref === undefined) {
    run.report.info(`GitHub gets no deployment of the rollback: the commit of ${to} is not known`)
    return undefined
  }
  const production = bad?.production ?? environment === 'production'
  const payload = { record: name, undone, to }
  const id =
    known ?? (await createRollback(github, { environment, production, ref: ref ?? '', payload })).id
  await setStatus(github, id, {
    state: 'in_progress',
    description: `goes back to ${to}: ${record.reason}`,
    logUrl: run.identity.runUrl,
  })
  run.report.info(`GitHub: deployment ${id} of ${environment} is the rollback`)
  return id
}
