import { digester } from '#aws'
import type { Entry, Result, Run, Written } from '#core'
import type { Store } from '#store'
import type { Aims } from './aims.ts'
import { begin } from './begin.ts'
import type { EcsClients } from './client.ts'
import { observeChanges, withEnvironment } from './environment.ts'
import { inParallel } from './parallel.ts'
import { planService, type ServicePlan } from './plan.ts'
import { changeOf, nameOf, planned, refuseFindings, refusePlans } from './planned.ts'
import { inspectTargets } from './preflight/index.ts'
import type { Watch } from './progress.ts'
import { isStopped, lastSent } from './recorded.ts'
import { type Deploy, deploy, type Sent } from './send.ts'
import type { EcsSettings } from './settings.ts'
import type { LiveService } from './state.ts'
import { endedRow, plainRow, type Row, resultOf } from './table.ts'
import { aim } from './targets.ts'
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
  const aims = await aim(run, clients, { settings, store, services, entries })
  const { sections } = aims
  if (aims.is === 'none') {
    const headline = `${aims.why}; nothing was changed`
    return { outcome: 'refused', headline, sections, next: aims.next }
  }
  const plans = services.map((service) => planOf(service, aims, entries))
  const refusals = plans.filter((plan) => plan.is === 'refused')
  if (refusals.length > 0) return withSections(refusePlans(plans, refusals), sections)
  const findings = await inspectTargets(
    run,
    clients,
    plans.filter((plan) => plan.is === 'update'),
  )
  const obstacles = findings.filter((finding) => finding.is === 'obstacle')
  if (obstacles.length > 0) return refuseFindings(plans, obstacles)
  for (const { service, why } of findings) run.report.warning(`${service}: ${why}`)
  run.report.info(`destination: ${aims.why}`)
  const changes = await observeChanges(clients, plans, digester())
  const result = run.dryRun
    ? planned(plans, aims.why)
    : await carryOut(run, clients, { cluster: settings.cluster, plans, entries })
  return withSections(withEnvironment(result, changes), sections)
}

/** Says last what the destination was chosen from. */
const withSections = (result: Result, sections: Aims['sections']): Result => ({
  ...result,
  sections: [...(result.sections ?? []), ...sections],
})

function planOf(
  service: LiveService,
  aims: Extract<Aims, { is: 'aims' }>,
  entries: readonly Written[],
): ServicePlan {
  const aimed = aims.of.get(service.name)
  switch (aimed?.is) {
    case 'target':
      return planService(service, aimed.target, entries)
    case 'left-alone':
      return { is: 'left-alone', service, why: aimed.why }
    case 'superseded':
      return { is: 'superseded', service, why: aimed.why }
    case 'refused':
      return { is: 'refused', name: service.name, why: aimed.why }
    case undefined:
      return { is: 'refused', name: service.name, why: 'the destination says nothing of it' }
  }
}

type Update = Extract<ServicePlan, { is: 'update' }>

async function carryOut(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly ServicePlan[]
    readonly entries: readonly Written[]
  },
): Promise<Result> {
  const { cluster, plans, entries } = given
  for (const plan of plans.filter((one) => one.is === 'left-alone')) {
    run.report.warning(`${plan.service.name} is left alone: ${plan.why}`)
  }
  const updates = plans.filter((plan) => plan.is === 'update')
  await run.journal.intend(updates.map(entryOf))
  const sent = await inParallel(
    updates,
    async (plan) =>
      [plan.service.name, await deploy(run, clients, orderOf(cluster, plan))] as const,
  )
  const answers = new Map(sent)
  const watches = plans.flatMap((plan) => watchOf(plan, answers, entries) ?? [])
  const ended = await watchAll(run, clients, { cluster, watches })
  const rows = plans.map((plan): Row => {
    const one = ended.find(({ name }) => name === nameOf(plan))
    return one && 'target' in plan
      ? endedRow(one, changeOf(plan), plan.target.definition.name)
      : unwatchedRow(plan, answers)
  })
  return resultOf({ cluster, verb: 'rollback', rows })
}

const orderOf = (cluster: string, plan: Update): Deploy => ({
  cluster,
  service: plan.service,
  taskDefinition: plan.target.definition.arn,
  name: plan.target.definition.name,
  force: plan.force,
})

/** What a resume needs: what was there, so that somebody else's later deployment is told from the bad one. */
const entryOf = (plan: Update): Entry => ({
  component: 'ecs',
  operation: 'update-service',
  on: plan.service.name,
  detail: {
    from: plan.service.taskDefinition,
    to: plan.target.definition.name,
    before: plan.service.rollouts.map(({ id }) => id),
  },
})

function watchOf(
  plan: ServicePlan,
  answers: ReadonlyMap<string, Sent>,
  entries: readonly Written[],
): Watch | undefined {
  if (!('target' in plan)) return undefined
  const { service, target } = plan
  const { name } = target.definition
  const stopped = isStopped(entries, service.name)
  const shared = { service, recorded: target.recorded, stopped, atLeast: 0 }
  if (plan.is === 'update') {
    const sent = answers.get(service.name)
    if (sent?.is !== 'sent') return undefined
    const before = service.rollouts.map(({ id }) => id)
    const watched = { deployment: sent.deployment, target: name, before, forced: plan.force }
    return {
      ...shared,
      fresh: true,
      proven: 'done',
      watched: { ...watched, seen: false, missed: 0 },
    }
  }
  const { deployment } = plan
  const before = service.rollouts.map(({ id }) => id).filter((id) => id !== deployment)
  const watched = { deployment, target: name, before, forced: false, seen: true, missed: 0 }
  const proven =
    plan.is === 'attach' && lastSent(entries, service.name, 'update-service')?.to === name
      ? 'done'
      : 'unchanged'
  return { ...shared, fresh: false, proven, watched }
}

function unwatchedRow(plan: ServicePlan, answers: ReadonlyMap<string, Sent>): Row {
  if (plan.is === 'refused') throw new Error(`${plan.name} was refused and yet carried out`)
  const { service } = plan
  const change = changeOf(plan)
  const sent = answers.get(service.name)
  if (sent?.is === 'not-sent') {
    return plainRow(service, { outcome: 'failed', why: sent.why, change, next: [sent.next] })
  }
  const outcome = plan.is === 'superseded' ? 'superseded' : 'unchanged'
  return plainRow(service, { outcome, why: plan.why, change, drained: plan.is === 'left-alone' })
}
