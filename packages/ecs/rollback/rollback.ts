import { digester } from '#aws'
import type { Result, Run, Written } from '#core'
import type { Begun } from '../begin.ts'
import type { EcsClients } from '../client.ts'
import { type Found, observeSeen } from '../codedeploy/index.ts'
import type { Aims } from '../destination/aims.ts'
import { aim } from '../destination/targets.ts'
import { observeChanges, withEnvironment } from '../environment/environment.ts'
import { inParallel } from '../parallel.ts'
import { inspectTargets } from '../preflight/index.ts'
import { resultOf } from '../report/table.ts'
import type { EcsSettings } from '../settings.ts'
import { isCodeDeployed, type LiveService } from '../state.ts'
import { carryOut } from './carry.ts'
import { isMutating, type Known, type ServicePlan } from './plan.ts'
import { planned, refuseFindings, refusePlans, withDoubts } from './planned.ts'
import { planTarget } from './prepare.ts'
import { type Protection, protectionOf } from './protect.ts'
import { observeSituations } from './situation.ts'

/** Puts services back to their destination: all are planned and checked before the first is changed. */
export async function rollback(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  { services, entries, store }: Begun,
): Promise<Result> {
  const aims = await aim(run, clients, { settings, store, services, entries })
  const { sections } = aims
  if (aims.is === 'none') {
    const headline = `${aims.why}; nothing was changed`
    return { outcome: 'refused', headline, sections, next: aims.next }
  }
  const { cluster } = settings
  const { plans, found } = await plansFor({ run, clients }, { cluster, services, entries, aims })
  const refusals = plans.filter((plan) => plan.is === 'refused')
  if (refusals.length > 0) return withSections(refusePlans(plans, refusals), sections)
  const protecting = await protectionsOf(clients, settings, plans)
  if (protecting.refusals.length > 0) return refusePlans(plans, protecting.refusals)
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
    : await changed(run, clients, { settings, plans, protections: protecting.of, found })
  return withSections(withDoubts(withEnvironment(result, changes), inspected), sections)
}

/** Says last what the destination was chosen from. */
const withSections = (result: Result, sections: Aims['sections']): Result => ({
  ...result,
  sections: [...(result.sections ?? []), ...sections],
})

async function changed(
  run: Run,
  clients: EcsClients,
  given: {
    readonly settings: EcsSettings
    readonly plans: readonly ServicePlan[]
    readonly protections: ReadonlyMap<string, Protection>
    readonly found: ReadonlyMap<string, Found>
  },
): Promise<Result> {
  const { settings, plans, ...more } = given
  const { cluster, order, patience } = settings
  for (const plan of plans.filter((one) => one.is === 'left-alone')) {
    run.report.warning(`${plan.service.name} is left alone: ${plan.why}`)
  }
  const rows = await carryOut(run, clients, { cluster, order, plans, patience, ...more })
  return resultOf({ cluster, verb: 'rollback', rows })
}

/** Reads what ECS and CodeDeploy are doing with the services, and plans each of them. */
async function plansFor(
  { run, clients }: { readonly run: Run; readonly clients: EcsClients },
  given: {
    readonly cluster: string
    readonly services: readonly LiveService[]
    readonly entries: readonly Written[]
    readonly aims: Extract<Aims, { is: 'aims' }>
  },
): Promise<{ readonly plans: readonly ServicePlan[]; readonly found: ReadonlyMap<string, Found> }> {
  const { cluster, services, entries, aims } = given
  const situations = await observeSituations(run, clients, { cluster, services })
  const coded = services.filter(isCodeDeployed)
  const found = await observeSeen(clients, { cluster, services: coded })
  const { runId } = run.identity
  const plans = await inParallel(services, (service) => {
    const known = {
      entries,
      situation: situations.get(service.name) ?? {},
      ...(isCodeDeployed(service) && { codeDeploy: { runId, found: found.get(service.name) } }),
    }
    return planOf({ run, clients }, service, { aims, known })
  })
  return { plans, found }
}

async function planOf(
  at: { readonly run: Run; readonly clients: EcsClients },
  service: LiveService,
  given: { readonly aims: Extract<Aims, { is: 'aims' }>; readonly known: Known },
): Promise<ServicePlan> {
  const { aims, known } = given
  const aimed = aims.of.get(service.name)
  switch (aimed?.is) {
    case 'target':
      return planTarget(at, { service, target: aimed.target, known })
    case 'left-alone':
      return { is: 'left-alone', service, why: aimed.why }
    case 'superseded':
      return { is: 'superseded', service, why: aimed.why }
    case 'refused':
      return { is: 'refused', service, why: aimed.why }
    case undefined:
      return { is: 'refused', service, why: 'the destination says nothing of it' }
  }
}

type Refused = Extract<ServicePlan, { is: 'refused' }>

/** What keeps ECS from undoing what is deployed, where the settings ask for it. */
async function protectionsOf(
  clients: EcsClients,
  { cluster, protectRollback }: EcsSettings,
  plans: readonly ServicePlan[],
): Promise<{
  readonly of: ReadonlyMap<string, Protection>
  readonly refusals: readonly Refused[]
}> {
  // CodeDeploy undoes none of our deployments: they are made so.
  const changing = protectRollback
    ? plans.filter(isMutating).filter(({ service }) => !isCodeDeployed(service))
    : []
  const found = await inParallel(changing, async ({ service }) => ({
    service,
    protection: await protectionOf(clients, { cluster, service: service.name }),
  }))
  const refusals = found.flatMap(({ service, protection }): Refused[] =>
    protection && 'refused' in protection
      ? [{ is: 'refused', service, why: protection.refused }]
      : [],
  )
  const of = found.flatMap(({ service, protection }) =>
    protection && 'configuration' in protection ? [[service.name, protection] as const] : [],
  )
  return { of: new Map(of), refusals }
}
