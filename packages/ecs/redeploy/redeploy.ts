import type { Entry, Result, Run } from '#core'
import { readRecord, type Store } from '#store'
import type { Begun } from '../begin.ts'
import type { EcsClients } from '../client.ts'
import { type Found, observeSeen, planRestart, restartCodeDeployed } from '../codedeploy/index.ts'
import { inParallel } from '../parallel.ts'
import { endedRow, plainRow, type Row, refusedRow, resultOf, wouldBe } from '../report/table.ts'
import { deploy, type Sent } from '../rollback/send.ts'
import type { EcsSettings } from '../settings.ts'
import { isCodeDeployed, type LiveService } from '../state.ts'
import type { Watch } from '../watch/progress.ts'
import type { Patience } from '../watch/step.ts'
import { watchAll } from '../watch/watch.ts'
import { type Before, idsOf, planRedeploy, type RedeployPlan } from './plan.ts'

/** When config-rollback ended in a record, whatever its outcome. */
async function endOfConfig(
  store: Store | undefined,
  record: string | undefined,
): Promise<number | undefined> {
  if (!store || record === undefined) return undefined
  const part = (await readRecord(store, record))?.parts['config-rollback rollback']
  return part && Date.parse(part.at)
}

/** Restarts services: a new deployment of the task definition they have, watched until P13 holds. */
export async function redeploy(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  begun: Begun,
): Promise<Result> {
  const { cluster } = settings
  const before: Before = {
    entries: begun.entries,
    runId: run.identity.runId,
    recorded: settings.record !== undefined,
    configEnded: await endOfConfig(begun.store, settings.record),
  }
  const found = await observeSeen(clients, {
    cluster,
    services: begun.services.filter(isCodeDeployed),
  })
  const plans = begun.services.map((service) =>
    planRestart(planRedeploy(service, before), { run, found }),
  )
  const refusals = plans.filter((plan) => plan.is === 'refused')
  if (refusals.length > 0) {
    const reasons = refusals.map(({ service, why }) => `${service.name}: ${why}`)
    return {
      outcome: 'refused',
      headline: `${reasons.join('; ')}; nothing was changed`,
      next: ['leave them out of services'],
    }
  }
  if (run.dryRun) return planned(cluster, plans)
  return carryOut(run, clients, { cluster, plans, found, patience: settings.patience })
}

const changeOf = ({ is, service }: RedeployPlan) =>
  is === 'unchanged' ? service.taskDefinition : `${service.taskDefinition} anew`

function planned(cluster: string, plans: readonly RedeployPlan[]): Result {
  const rows = plans.map((plan) =>
    plainRow(plan.service, { outcome: 'planned', why: plan.why, change: changeOf(plan) }),
  )
  const count = plans.filter((plan) => plan.is === 'deploy').length
  return wouldBe(rows, `${count} of ${plans.length} services of ${cluster} would be deployed anew`)
}

async function carryOut(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly RedeployPlan[]
    readonly found: ReadonlyMap<string, Found>
    readonly patience: Patience | undefined
  },
): Promise<Result> {
  const { cluster, plans } = given
  const coded = (plan: RedeployPlan) => isCodeDeployed(plan.service) && plan.is !== 'unchanged'
  const [rows, others] = await Promise.all([
    carryOutByEcs(run, clients, { ...given, plans: plans.filter((plan) => !coded(plan)) }),
    restartCodeDeployed({ run, clients, ...given }, plans.filter(coded)),
  ])
  const all = [...rows, ...others]
  const inOrder = plans.flatMap(
    ({ service }) => all.find(({ name }) => name === service.name) ?? [],
  )
  return resultOf({ cluster, verb: 'redeploy', rows: inOrder })
}

async function carryOutByEcs(
  run: Run,
  clients: EcsClients,
  given: {
    readonly cluster: string
    readonly plans: readonly RedeployPlan[]
    readonly patience: Patience | undefined
  },
): Promise<readonly Row[]> {
  const { cluster, plans, patience } = given
  const orders = plans.filter((plan) => plan.is === 'deploy')
  await run.journal.intend(orders.map(entryOf))
  const sent = await inParallel(orders, async ({ service }) => {
    const order = { cluster, service, name: service.taskDefinition, force: true }
    return [service.name, await deploy(run, clients, order)] as const
  })
  const answers = new Map(sent)
  const watches = plans.flatMap((plan) => watchOf(plan, answers) ?? [])
  const ended = await watchAll(run, clients, { cluster, watches, patience })
  return plans.map((plan): Row => {
    const change = changeOf(plan)
    if (plan.is === 'unchanged') return unchangedRow(plan.service, plan.why)
    const one = ended.find(({ name }) => name === plan.service.name)
    if (one) return endedRow(one, change, plan.service.taskDefinition)
    const answer = answers.get(plan.service.name)
    const failure = answer?.is === 'not-sent' ? answer : { why: plan.why, next: 'run again' }
    return refusedRow(plan.service, change, failure)
  })
}

/** ECS lists a deployment until its last task has ended. */
const unchangedRow = (service: LiveService, why: string): Row => {
  const drained = service.rollouts.every((one) => one.taskDefinition === service.taskDefinition)
  const change = service.taskDefinition
  return plainRow(service, { outcome: 'unchanged', why, change, drained })
}

const entryOf = ({ service }: RedeployPlan): Entry => ({
  component: 'ecs',
  operation: 'redeploy',
  on: service.name,
  detail: { from: service.taskDefinition, to: service.taskDefinition, before: idsOf(service) },
})

function watchOf(plan: RedeployPlan, answers: ReadonlyMap<string, Sent>): Watch | undefined {
  if (plan.is === 'refused' || plan.is === 'unchanged') return undefined
  const { service } = plan
  const sent = answers.get(service.name)
  if (plan.is === 'deploy' && sent?.is !== 'sent') return undefined
  const attached = plan.is === 'attach'
  const deployment =
    plan.is === 'attach' ? plan.deployment : sent?.is === 'sent' ? sent.deployment : undefined
  return {
    service,
    // A restart may resolve tags anew: what its own revision fixed is what must run.
    recorded: undefined,
    fresh: !attached,
    stopped: false,
    atLeast: 1,
    proven: 'done',
    watched: {
      deployment,
      target: service.taskDefinition,
      before: attached ? plan.before : idsOf(service),
      seen: attached,
      missed: 0,
      forced: true,
    },
  }
}
