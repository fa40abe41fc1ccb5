import { type Answer, actorOf, type Call, nothing, ok } from '../call.ts'
import { deploymentSeen } from '../deployments.ts'
import { reviewerView, shortEnvironmentView } from '../environments.ts'
import { userView } from '../people.ts'
import { notFound, unprocessable } from '../problems.ts'
import { type Environment, environmentOf, type Repository } from '../world.ts'
import { openGate, reject } from './machine.ts'
import { type Gate, type Job, latest, type Run } from './model.ts'
import { runIn, sceneOf } from './operations.ts'

interface Waiting {
  readonly job: Job
  readonly environment: Environment
}

/** The jobs of a run that wait at an environment's door. */
function waitingIn(repository: Repository, run: Run): readonly Waiting[] {
  return latest(run).jobs.flatMap((job) => {
    const environment = environmentOf(repository, job.plan.environment ?? '')
    return job.status === 'waiting' && environment ? [{ job, environment }] : []
  })
}

/** Whether somebody is asked: a person by name; of a team the stand-in knows no members, so anybody may answer for one. */
function mayReview(
  { reviewers, preventSelfReview }: Environment,
  run: Run,
  login: string,
): boolean {
  if (login.endsWith('[bot]')) return false
  if (preventSelfReview && run.actor === login) return false
  return reviewers.some(({ type, name }) => type === 'Team' || name === login)
}

function pending(call: Call): Answer {
  const { world, repository } = call
  const run = runIn(call)
  return ok(
    waitingIn(repository, run).map(({ job, environment }) => ({
      environment: shortEnvironmentView(world, repository, environment),
      wait_timer: environment.waitMinutes,
      wait_timer_started_at: job.waitingSince,
      current_user_can_approve: mayReview(environment, run, actorOf(call)),
      reviewers: environment.reviewers.map((one) => reviewerView(world, one)),
    })),
  )
}

/** A review of some environments, all of which must wait for exactly that. */
function review(call: Call): Answer {
  const { world, repository, body } = call
  const scene = sceneOf(call)
  const { run } = scene
  const ids: readonly number[] = body.environment_ids
  const asked = waitingIn(repository, run).filter(
    ({ job, environment }) =>
      ids.includes(environment.id) &&
      job.gates.has('reviewers') &&
      mayReview(environment, run, actorOf(call)),
  )
  if (asked.length === 0 || asked.length < ids.length)
    throw unprocessable('There are no pending deployment requests to approve or reject')
  for (const { job, environment } of asked) {
    const { state, comment } = body
    run.reviews.push({ environment: environment.name, state, comment, user: actorOf(call) })
    if (state === 'approved') openGate(scene, job, 'reviewers')
    else reject(scene, job)
  }
  const recorded = repository.deployments.filter(({ id }) =>
    asked.some(({ job }) => job.deployment === id),
  )
  return ok(recorded.map((one) => deploymentSeen(world, repository, one)))
}

function reviews(call: Call): Answer {
  const { world, repository } = call
  return ok(
    runIn(call).reviews.flatMap(({ environment: name, state, comment, user }) => {
      const environment = environmentOf(repository, name)
      if (!environment) return []
      const { created: created_at, updated: updated_at } = environment
      const seen = {
        ...shortEnvironmentView(world, repository, environment),
        created_at,
        updated_at,
      }
      return [{ environments: [seen], state, comment, user: userView(world, user) }]
    }),
  )
}

/** What an app says of its own custom protection rule; a comment alone decides nothing. */
function customGate(call: Call): Answer {
  const { repository, body } = call
  const scene = sceneOf(call)
  const gate: Gate = `rule ${actorOf(call).replace(/\[bot\]$/, '')}`
  const asked = waitingIn(repository, scene.run).find(
    ({ job, environment }) =>
      environment.name.toLowerCase() === body.environment_name.toLowerCase() && job.gates.has(gate),
  )
  if (!asked) throw notFound()
  if (body.state === 'approved') openGate(scene, asked.job, gate)
  if (body.state === 'rejected') reject(scene, asked.job)
  return nothing
}

/** Reviews of what waits for an environment. */
export const reviewOperations = {
  'actions/get-pending-deployments-for-run': pending,
  'actions/review-pending-deployments-for-run': review,
  'actions/get-reviews-for-run': reviews,
  'actions/review-custom-gates-for-run': customGate,
}
