import { digester } from '#aws'
import type { Result, Run, Written } from '#core'
import type { Store } from '#store'
import { type Acted, act, entryOf } from './act.ts'
import { begin } from './begin.ts'
import type { EcsClients } from './client.ts'
import { confirmed } from './confirm.ts'
import { observeChanges, withEnvironment } from './environment.ts'
import { inParallel } from './parallel.ts'
import { isMutating, type Known, planService, type ServicePlan } from './plan.ts'
import { changeOf, nameOf, planned, refuseFindings, refusePlans, withDoubts } from './planned.ts'
import { inspectTargets } from './preflight/index.ts'
import type { Watch } from './progress.ts'
import { isStopped, lastSent } from './recorded.ts'
import type { EcsSettings } from './settings.ts'
import { observeSituations } from './situation.ts'
import { type LiveService, primaryOf } from './state.ts'
import type { Patience } from './step.ts'
import { endedRow, plainRow, type Row, resultOf } from './table.ts'
import { type Aims, aim } from './targets.ts'
import { watchAll } from './watch.ts'

/** Puts services back to their destination: all are planned and checked before the first is changed. */
export async function rollback(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  store: Store | undefined,
): Promise<Result> {
  const begun = await begin(run, clients, settings, store)
  if (begun.is === 'refused') return begun.result
  const { services, entries } = begun
  const aims = await aim(run, clients, { settings, store, services })
  if (aims.is === 'none') {
    return { outcome: 'refused', headline: `${aims.why}; nothing was changed`, next: aims.next }
  }
  const { cluster } = settings
  const situations = await observeSituations(run, clients, { cluster, services })
  const plans = services.map((service) =>
    planOf(service, aims, { entries, situation: situations.get(service.name) ?? {} }),
  )
  const refusals = plans.filter((plan) => plan.is === 'refused')
  if (refusals.length > 0) return refusePlans(plans, refusals)
  const inspected = await inspectTargets(run, clients, {
    aimed: plans.filter(isMutating),
    store,
    record: settings.record,
  })
  const { findings } = inspected
  const obstacles = findings.filter((finding) => finding.is === 'obstacle')
  if (obstacles.length > 0) return refuseFindings(plans, obstacles)
  for (const { service, why, next } of findings) {
    run.report.warning(`${service}: ${why}; ${next}`)
  }
  run.report.info(`destination: ${aims.why}`)
  const changes = await observeChanges(clients, plans, digester())
  const result = run.dryRun
    ? planned(plans, aims.why)
    : await carryOut(run, clients, { cluster, plans, entries, patience: settings.patience })
  return withDoubts(withEnvironment(result, changes), inspected)
}

function planOf(
  service: LiveService,
  aims: Extract<Aims, { is: 'aims' }>,
  known: Known,
): ServicePlan {
  const aimed = aims.of.get(service.name)
  switch (aimed?.is) {
    case 'target':
      return planService(service, aimed.target, known)
    case 'left-alone':
      return { is: 'left-alone', service, why: aimed.why }
    case 'refused':
      return { is: 'refused', name: service.name, why: aimed.why }
    case undefined:
      return { is: 'refused', name: service.name, why: 'the destination says nothing of it' }
  }
}

async function carryOut(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly ServicePlan[]
    readonly entries: readonly Written[]
    readonly patience: Patience | undefined
  },
): Promise<Result> {
  const { cluster, plans, entries, patience } = given
  for (const plan of plans.filter((one) => one.is === 'left-alone')) {
    run.report.warning(`${plan.service.name} is left alone: ${plan.why}`)
  }
  await run.journal.intend(plans.filter(isMutating).map(entryOf))
  const acted = await inParallel(plans, (plan) => act({ run, clients, cluster }, plan))
  const watches = acted.flatMap((one) => watchOf(one, entries) ?? [])
  const watched = await watchAll(run, clients, { cluster, watches, patience })
  const ended = await confirmed(run, clients, { acted, watched })
  const rows = acted.map(({ plan, became }): Row => {
    const one = ended.find(({ name }) => name === nameOf(plan))
    return one && 'target' in plan
      ? endedRow(one, changeOf(plan), plan.target.definition.name, { chosen: plan.target })
      : unwatchedRow({ plan, became })
  })
  return resultOf({ cluster, verb: 'rollback', rows })
}

function watchOf({ plan, became }: Acted, entries: readonly Written[]): Watch | undefined {
  if (!('target' in plan)) return undefined
  const { service, target } = plan
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
      const { deployment } = became
      return {
        ...shared,
        fresh: true,
        proven: 'done',
        watched: { ...watched, deployment, before, forced },
      }
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
  if (plan.is === 'refused') {
    throw new Error(`${plan.name} was refused and yet carried out`)
  }
  const { service } = plan
  switch (became.is) {
    case 'not-sent':
      return plainRow(service, { outcome: 'failed', why: became.why, change, next: [became.next] })
    case 'unseen':
      return plainRow(service, { outcome: 'inconclusive', why: became.why, change })
    case 'sent':
    case 'going-back':
    case 'nothing': {
      const outcome = plan.is === 'superseded' ? 'superseded' : 'unchanged'
      return plainRow(service, {
        outcome,
        why: plan.why,
        change,
        drained: plan.is === 'left-alone',
      })
    }
  }
}
