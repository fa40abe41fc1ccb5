import { passes, type Run } from '#core'
import type { EcsClients } from '../client.ts'
import { type Found, isSeenSet, rollBackCodeDeployed } from '../codedeploy/index.ts'
import { observeServices, serviceOf } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import { isStopped, lastSent } from '../recorded.ts'
import { endedRow, plainRow, type Row, refusedRow } from '../report/table.ts'
import type { Order } from '../settings.ts'
import { isCodeDeployed, primaryOf } from '../state.ts'
import { prove } from '../watch/judge.ts'
import type { Ended, Watch } from '../watch/progress.ts'
import type { Patience } from '../watch/step.ts'
import { watchAll } from '../watch/watch.ts'
import { type Acted, type Acting, act, entryOf, planAgain } from './act.ts'
import { confirmed } from './confirm.ts'
import type { Registered } from './copy.ts'
import { taggedOf } from './moved.ts'
import { isMutating, type Mutating, type ServicePlan } from './plan.ts'
import { changeOf, nameOf, unsentRow } from './planned.ts'
import { type Protection, unprotect } from './protect.ts'

/** Carries out plans that were all made and checked before; answers how each service ended. */
export async function carryOut(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly order: Order
    readonly plans: readonly ServicePlan[]
    readonly protections: ReadonlyMap<string, Protection>
    readonly patience: Patience | undefined
    readonly found: ReadonlyMap<string, Found>
  },
): Promise<readonly Row[]> {
  const { order, plans, ...more } = given
  const copies = new Map<string, Promise<Registered>>()
  const at: Acting = { run, clients, copies, ...more }
  if (order === 'parallel') return carry(at, plans)
  const rows: Row[] = []
  for (const plan of plans) {
    const bad = rows.find(({ outcome }) => !passes(outcome))
    rows.push(...(bad ? [untouchedRow(plan, bad.name)] : await carry(at, [plan])))
  }
  return rows
}

/** A service whose turn did not come is not called unchanged: nobody looked whether it is where it should be. */
function untouchedRow(plan: ServicePlan, bad: string): Row {
  const why = `not touched, because ${bad} before it did not end well`
  return plainRow(plan.service, { outcome: 'refused', why, change: changeOf(plan) })
}

async function carry(at: Acting, plans: readonly ServicePlan[]): Promise<readonly Row[]> {
  const calledOff = at.run.onCut?.(async () => {
    await inParallel(plans, ({ service }) => unprotectedName(at, service.name))
  })
  const rows = await carryBoth(at, await stillTheirs(at, plans))
  const ended = await inParallel(rows, (row) => unprotectedRow(at, row))
  calledOff?.()
  return ended
}

const unprotectedName = ({ run, clients, cluster }: Acting, service: string) =>
  unprotect(run, clients, { cluster, service })

/** What ECS deploys and what CodeDeploy deploys, side by side; in the order of the plans. */
async function carryBoth(at: Acting, plans: readonly ServicePlan[]): Promise<readonly Row[]> {
  const [rows, coded] = await Promise.all([
    carryByEcs(
      at,
      plans.filter(({ service }) => !isCodeDeployed(service)),
    ),
    rollBackCodeDeployed(
      at,
      plans.filter(({ service }) => isCodeDeployed(service)),
    ),
  ])
  const all = [...rows, ...coded]
  return plans.flatMap((plan) => all.find(({ name }) => name === nameOf(plan)) ?? [])
}

async function carryByEcs(at: Acting, plans: readonly ServicePlan[]): Promise<readonly Row[]> {
  const first = await round(at, plans)
  const again = await inParallel(first, (one) => planMoved(at, one))
  const second = await round(
    at,
    again.flatMap((plan) => plan ?? []),
  )
  return first.map((one) =>
    joined(
      one,
      second.find(({ name }) => name === one.name),
    ),
  )
}

/** How a service ended over both rounds; one whose second was never sent ended with the first. */
function joined({ row }: Round, second: Round | undefined): Row {
  if (!second || second.ended || second.plan.is === 'superseded') return second?.row ?? row
  const { why, next } = second.row
  return {
    ...row,
    why: `${row.why}; no copy by digest could be deployed: ${why}`,
    next: [...row.next, ...next],
  }
}

/** How far a round brought one service. */
interface Round extends Acted {
  readonly name: string
  readonly ended: Ended | undefined
  readonly row: Row
}

async function round(at: Acting, plans: readonly ServicePlan[]): Promise<readonly Round[]> {
  const { run, clients, cluster, patience } = at
  if (plans.length === 0) return []
  await run.journal.intend(plans.filter(isMutating).map((plan) => entryOf(at, plan)))
  const acted = await inParallel(plans, (plan) => act(at, plan))
  const watches = acted.flatMap((one) => watchOf(at, one) ?? [])
  const watched = await watchAll(run, clients, { cluster, watches, patience })
  const all = await confirmed(run, clients, { acted, watched })
  return acted.map((one) => {
    const { plan } = one
    const name = nameOf(plan)
    const ended = all.find((end) => end.name === name)
    const row =
      ended && 'target' in plan
        ? endedRow(ended, changeOf(plan), plan.target.definition.name, {
            chosen: plan.target,
            others: plan.target.others,
          })
        : unwatchedRow(one)
    return { ...one, name, ended, row }
  })
}

/**
 * Whether the services are still what was planned for: checks and earlier services took time. What somebody deployed
 * meanwhile is theirs (P14); what ECS took back meanwhile is planned again.
 */
async function stillTheirs(
  at: Acting,
  plans: readonly ServicePlan[],
): Promise<readonly ServicePlan[]> {
  const { clients, cluster } = at
  const names = plans.filter(isMutating).map(nameOf)
  if (names.length === 0) return plans
  const observed = await observeServices(clients, { cluster, names })
  return inParallel(plans, async (plan) => {
    if (!isMutating(plan)) return plan
    const service = serviceOf(observed, plan.service.name)
    const [was, is] = [primaryOf(plan.service), service && primaryOf(service)]
    if (!service || was?.id === is?.id) return plan
    const back =
      plan.service.rollouts.some(({ id }) => id === is?.id) ||
      isSeenSet(at.found.get(plan.service.name), service.taskSets, is?.id)
    return planChanged(at, plan, { id: is?.id ?? 'none', back })
  })
}

/** `back`: what serves now is of a deployment that was seen when it was planned. */
async function planChanged(
  at: Acting,
  plan: Mutating,
  { id, back }: { readonly id: string; readonly back: boolean },
): Promise<ServicePlan> {
  const anew = await planAgain(at, plan)
  const { service } = plan
  if (!anew) return { is: 'superseded', service, why: 'it is not an ACTIVE service any more' }
  if (!isMutating(anew) || back) return anew
  const why = `${anew.service.taskDefinition} was deployed by somebody else while this rollback was planned (${id})`
  return { is: 'superseded', service: anew.service, why }
}

/**
 * A service whose tasks run another image than was recorded, because the tag has moved where nobody could be asked: once
 * more, with a copy of the destination that names the images by digest.
 */
async function planMoved(at: Acting, one: Round): Promise<ServicePlan | undefined> {
  const { plan, ended } = one
  if (ended?.outcome !== 'failed' || !('target' in plan)) return undefined
  const { target } = plan
  const { definition, recorded } = target
  if (!recorded || definition.copyOf !== undefined || taggedOf(target).length === 0)
    return undefined
  const expected = { taskDefinition: definition.name, containers: recorded }
  if (prove(ended.service, ended.tasks, expected).is !== 'wrong') return undefined
  at.run.report.info(`${one.name}: ${ended.why}; again with the images by digest`)
  return planAgain(at, plan, { reason: 'moved' })
}

function watchOf({ run }: Acting, { plan, became }: Acted): Watch | undefined {
  if (!('target' in plan)) return undefined
  const { service, target } = plan
  const entries = run.journal.entries()
  const shared = {
    service,
    recorded: target.recorded,
    stopped: isStopped(entries, service.name),
    atLeast: 0,
  }
  const before = service.rollouts.map(({ id }) => id)
  const others = (deployment: string) => before.filter((id) => id !== deployment)
  const watched = { target: target.definition.name, seen: false, missed: 0 }
  const forced = primaryOf(service)?.taskDefinition === watched.target
  const mine = lastSent(entries, service.name, 'way-back')?.to === watched.target
  switch (became.is) {
    case 'sent': {
      const sent = { ...watched, deployment: became.deployment, before, forced }
      return { ...shared, fresh: true, proven: 'done', watched: sent }
    }
    case 'going-back': {
      const { deployment } = became
      const back = {
        ...watched,
        deployment,
        before: others(deployment),
        forced,
        reused: true,
        takesBack: became.by,
      }
      const proven = plan.is === 'follow' && !mine ? 'unchanged' : 'done'
      return { ...shared, fresh: false, proven, watched: back }
    }
    case 'nothing': {
      if (plan.is !== 'attach' && plan.is !== 'unchanged') return undefined
      const { deployment } = plan
      const same = { ...watched, deployment, before: others(deployment), forced: false, seen: true }
      const proven = plan.is === 'attach' && mine ? 'done' : 'unchanged'
      return { ...shared, fresh: false, proven, watched: same }
    }
    case 'not-sent':
    case 'unseen':
      return undefined
  }
}

function unwatchedRow({ plan, became }: Acted): Row {
  const change = changeOf(plan)
  switch (became.is) {
    case 'not-sent':
      return refusedRow(plan.service, change, became)
    case 'unseen':
      return plainRow(plan.service, { outcome: 'inconclusive', why: became.why, change })
    case 'sent':
    case 'going-back':
    case 'nothing':
      return unsentRow(plan)
  }
}

async function unprotectedRow(at: Acting, row: Row): Promise<Row> {
  const why = await unprotectedName(at, row.name)
  if (why === undefined) return row
  const left = `ECS's own rollbacks are still switched off: ${why}`
  const next = [...row.next, `${row.name}: run again, it puts its deployment configuration back`]
  return passes(row.outcome)
    ? { ...row, outcome: 'partial', why: `${row.why}; ${left}`, next }
    : { ...row, why: `${row.why}; ${left}`, next }
}
