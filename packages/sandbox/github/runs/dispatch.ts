import { type Answer, actorOf, type Call, nothing, ok } from '../call.ts'
import { apiOf, pageOf } from '../people.ts'
import { unprocessable } from '../problems.ts'
import { resolveRef } from '../world.ts'
import type { DispatchInput, WorkflowPlan } from './model.ts'
import { workflowIn } from './operations.ts'
import { startRun } from './start.ts'

function inputOf(name: string, input: DispatchInput, given: unknown): string | undefined {
  const value = given === undefined ? input.default : String(given)
  if (value === undefined || value === '') {
    if (input.required) throw unprocessable(`Required input '${name}' not provided`)
    return value
  }
  if (input.options !== undefined && !input.options.includes(value))
    throw unprocessable(
      `Provided value '${value}' for input '${name}' not in the list of allowed values`,
    )
  return value
}

/** The inputs of a dispatch, with defaults. Throws 422 as GitHub does. */
function inputsOf({ dispatch }: WorkflowPlan, given: Readonly<Record<string, unknown>>) {
  if (dispatch === undefined)
    throw unprocessable("Workflow does not have 'workflow_dispatch' trigger")
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(dispatch, name))
  if (unknown.length > 0)
    throw unprocessable(`Unexpected inputs provided: ${JSON.stringify(unknown)}`)
  const values = Object.entries(dispatch).map(([name, input]) => [
    name,
    inputOf(name, input, given[name]),
  ])
  return Object.fromEntries(values.filter(([, value]) => value !== undefined))
}

/** Starts a run on a branch or a tag, and tells its number only when asked to. */
export function dispatchWorkflow(call: Call): Answer {
  const { world, repository, body } = call
  const workflow = workflowIn(call)
  const short = body.ref.replace(/^refs\/(heads|tags)\//, '')
  const named = [`refs/heads/${short}`, `refs/tags/${short}`].some((ref) =>
    repository.refs.has(ref),
  )
  const commit = named ? resolveRef(repository, body.ref) : undefined
  if (!commit) throw unprocessable(`No ref found for: ${body.ref}`)
  const run = startRun(world, repository, {
    workflow,
    event: 'workflow_dispatch',
    branch: short,
    sha: commit.sha,
    actor: actorOf(call),
    inputs: inputsOf(workflow.plan, body.inputs ?? {}),
    title: workflow.plan.name ?? workflow.plan.path,
  })
  if (body.return_run_details !== true) return nothing
  return ok({
    workflow_run_id: run.id,
    run_url: `${apiOf(world, repository)}/actions/runs/${run.id}`,
    html_url: `${pageOf(repository)}/actions/runs/${run.id}`,
  })
}
