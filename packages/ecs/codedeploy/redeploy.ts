import type { Run } from '#core'
import type { EcsClients } from '../client.ts'
import { observeTaskDefinition } from '../observe.ts'
import { inParallel } from '../parallel.ts'
import type { RedeployPlan } from '../redeploy/plan.ts'
import type { Row } from '../report/table.ts'
import type { ServicePlan } from '../rollback/plan.ts'
import { isCodeDeployed } from '../state.ts'
import type { Patience } from '../watch/step.ts'
import { restartOf } from './plan.ts'
import { rollBackCodeDeployed } from './rollback.ts'
import type { Found } from './state.ts'

/** What CodeDeploy makes of the plan of a restart: one deployment at a time, and one of ours is attached to. Pure. */
export function planRestart(
  plan: RedeployPlan,
  given: { readonly run: Run; readonly found: ReadonlyMap<string, Found> },
): RedeployPlan {
  const { service } = plan
  if (!isCodeDeployed(service) || (plan.is !== 'deploy' && plan.is !== 'attach')) return plan
  const { run } = given
  const known = { runId: run.identity.runId, found: given.found.get(service.name) }
  const restart = restartOf(service, known, run.journal.entries())
  if (!restart) return plan.is === 'attach' ? { is: 'unchanged', service, why: plan.why } : plan
  if ('why' in restart) return { is: 'refused', service, why: restart.why }
  const { deployment } = restart
  return { is: 'attach', service, deployment, before: [], why: `${deployment} restarts it already` }
}

/** Restarts services that CodeDeploy deploys: a deployment of the task definition that they have. */
export async function restartCodeDeployed(
  at: {
    readonly run: Run
    readonly clients: EcsClients
    readonly cluster: string
    readonly patience: Patience | undefined
    readonly found: ReadonlyMap<string, Found>
  },
  plans: readonly RedeployPlan[],
): Promise<readonly Row[]> {
  const aimed = await inParallel(plans, (plan) => aimedAt(at.clients, plan))
  const acting = { ...at, copies: new Map(), protections: new Map() }
  return rollBackCodeDeployed(acting, aimed, true)
}

async function aimedAt(clients: EcsClients, plan: RedeployPlan): Promise<ServicePlan> {
  const { service, why } = plan
  const definition = await observeTaskDefinition(clients, service.taskDefinition)
  if (!definition) {
    return { is: 'refused', service, why: `task definition ${service.taskDefinition} is gone` }
  }
  // A restart may resolve tags anew: what all its tasks agree on is what must run.
  const target = { service: service.name, definition, recorded: undefined, why }
  return plan.is === 'attach'
    ? { is: 'attach', service, target, deployment: plan.deployment, why }
    : { is: 'update', service, target, force: true, why }
}
