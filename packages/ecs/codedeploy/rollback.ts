import type { Entry, Run } from '#core'
import { isStopped, sentChanges } from '../recorded.ts'
import { endedRow, plainRow, type Row, refusedRow } from '../report/table.ts'
import { type Acting, shared } from '../rollback/act.ts'
import type { ServicePlan, Target } from '../rollback/plan.ts'
import { changeOf, unsentRow } from '../rollback/planned.ts'
import type { LiveService } from '../state.ts'
import { isTouched } from '../watch/moments.ts'
import { deploymentsOf } from './observe.ts'
import { ANEW, appSpecFor, markOf } from './plan.ts'
import { create, stop } from './send.ts'
import type { Seen } from './state.ts'
import { beginning, type Moved, type Way, watchWays } from './watch.ts'

type Aimed = Extract<ServicePlan, { target: unknown }>

/** Carries out what was planned for services that CodeDeploy deploys, and watches until each has ended. */
export async function rollBackCodeDeployed(
  at: Acting,
  plans: readonly ServicePlan[],
  anew = false,
): Promise<readonly Row[]> {
  const { run } = at
  const aimed = plans.filter((plan): plan is Aimed => 'target' in plan)
  const seenOf = (plan: Aimed) => at.found.get(plan.service.name) as Seen
  const began = await Promise.all(
    aimed.map(async (plan) => ({
      plan,
      became: await begin(at, plan, { seen: seenOf(plan), anew }),
    })),
  )
  const steps = began.flatMap(({ plan, became }) =>
    became.is === 'moved'
      ? [beginning({ ...wayOf(run, plan, seenOf(plan)), anew, ...became })]
      : [],
  )
  const ended = await watchWays({ ...at, deploy: (step) => again(at, step) }, steps)
  return plans.map((plan): Row => {
    const { name } = plan.service
    const one = ended.find((each) => each.name === name)
    const became = began.find((each) => each.plan === plan)?.became
    if (!one || !('target' in plan)) return unwatchedRow(plan, became)
    const { moments: _, target, ...rest } = one
    const told = isTouched(run.journal.entries(), name) ? one : rest
    return endedRow(told, changeOf({ ...plan, target }), target.definition.name, {
      chosen: plan.target,
    })
  })
}

const intention = (
  of: { readonly service: LiveService; readonly target: Target; readonly seen: Seen },
  operation: 'stop-deployment' | 'create-deployment' | 'redeploy',
): Entry => {
  const { service, target, seen } = of
  const { name: to, copyOf } = target.definition
  const before = [...service.rollouts.map(({ id }) => id), ...seen.deployments.map(({ id }) => id)]
  const detail = {
    from: service.taskDefinition,
    to,
    before,
    ...(copyOf === undefined ? {} : { copyOf }),
  }
  return { component: 'ecs', operation, on: service.name, detail }
}

/** The first call of a plan, each mutation written down before it is sent (P8). */
async function begin(
  at: Acting,
  plan: Aimed,
  { seen, anew }: { readonly seen: Seen; readonly anew: boolean },
): Promise<Moved> {
  const { run, clients } = at
  const { target } = plan
  switch (plan.is) {
    case 'stop': {
      const { deployment, after } = plan
      await run.journal.intend([intention({ ...plan, seen }, 'stop-deployment')])
      const sent = await stop(clients, { deployment, back: after === 'watch' })
      if (sent.is === 'not-sent') return { ...sent, is: 'failed' }
      return { is: 'moved', target, stage: { is: 'stopping', deployment, after } }
    }
    case 'update':
      return deploy(at, { ...plan, seen, anew })
    case 'attach':
      return { is: 'moved', target, stage: { is: 'watching', deployment: plan.deployment } }
    case 'unchanged':
    case 'continue':
    case 'follow':
      return { is: 'moved', target, stage: { is: 'watching', deployment: undefined } }
  }
}

async function deploy(
  at: Acting,
  of: Pick<Way, 'service' | 'target' | 'seen' | 'anew'>,
): Promise<Moved> {
  const { run, clients } = at
  const { service, seen, anew } = of
  const ready = await registered(at, of)
  if ('is' in ready) return ready
  const { target } = ready
  await run.journal.intend([intention({ ...of, target }, anew ? 'redeploy' : 'create-deployment')])
  const count = sentChanges(run.journal.entries(), service.name, [
    'create-deployment',
    'redeploy',
  ]).length
  const mark = markOf(run.identity.runId, count)
  const { arn, name } = target.definition
  const sent = await create(run, clients, {
    group: seen.group,
    appSpec: appSpecFor(service, seen, arn) ?? '',
    description: `${mark}: ${service.name} ${anew ? ANEW : `back to ${name}`}`,
  })
  switch (sent.is) {
    case 'sent':
      return { is: 'moved', target, stage: { is: 'watching', deployment: sent.deployment } }
    case 'not-sent':
      return { ...sent, is: 'failed' }
    case 'taken': {
      const why = `somebody else's deployment ${sent.by} is under way in its deployment group`
      return { is: 'taken', why }
    }
  }
}

/** A target that needs a copy (INACTIVE, a moved tag) is deployed by that. */
async function registered(
  at: Acting,
  of: { readonly service: LiveService; readonly target: Target },
): Promise<{ readonly target: Target } | Extract<Moved, { is: 'failed' }>> {
  const { copy, ...target } = of.target
  if (!copy) return { target }
  const { run } = at
  const { name } = of.service
  const detail = { of: copy.of, reason: copy.reason }
  await run.journal.intend([
    { component: 'ecs', operation: 'register-task-definition', on: name, detail },
  ])
  const found = await shared(at, copy)
  if (found.is === 'not-sent') return { ...found, is: 'failed' }
  run.report.info(`${name}: ${found.definition.name} is the copy of ${copy.of}`)
  return { target: { ...target, definition: found.definition } }
}

/** Deploys the target after something was stopped that does not lead there. */
async function again(at: Acting, step: Way): Promise<Moved> {
  const deployments = await deploymentsOf(at.clients, step.seen.group)
  return deploy(at, { ...step, seen: { ...step.seen, deployments } })
}

function wayOf(run: Run, plan: Aimed, seen: Seen): Omit<Way, 'stage' | 'target' | 'anew'> {
  const { service, target } = plan
  const entries = run.journal.entries()
  const mine = sentChanges(entries, service.name)
  const sent = plan.is === 'stop' || plan.is === 'update'
  const attached = plan.is === 'attach' && mine.at(-1)?.to === target.definition.name
  return {
    service,
    seen,
    proven: sent || attached ? 'done' : 'unchanged',
    stopped: isStopped(entries, service.name),
  }
}

function unwatchedRow(plan: ServicePlan, became: Moved | undefined): Row {
  const { service } = plan
  const change = changeOf(plan)
  switch (became?.is) {
    case 'failed':
      return refusedRow(service, change, became)
    case 'taken':
      return plainRow(service, {
        outcome: 'superseded',
        class: 'superseded',
        why: became.why,
        change,
      })
    case 'moved':
    case undefined:
      return unsentRow(plan)
  }
}
