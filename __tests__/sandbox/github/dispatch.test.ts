import { describe, expect, test } from '@jest/globals'
import { hub, refused } from './hub.ts'

const PATH = '.github/workflows/rollback.yml'

/** A repository with the Rollback button. */
function button() {
  const world = hub()
  world.shop.workflow({
    path: PATH,
    name: 'Rollback',
    dispatch: {
      environment: { required: true, options: ['staging', 'production'] },
      'dry-run': { default: 'true' },
      reason: {},
    },
    jobs: [{ name: 'rollback' }],
  })
  return world
}

const press = ({ client, at }: ReturnType<typeof hub>, inputs: Record<string, string>, more = {}) =>
  client.rest.actions.createWorkflowDispatch({
    ...at,
    workflow_id: 'rollback.yml',
    ref: 'main',
    inputs,
    ...more,
  })

describe('a dispatch', () => {
  test('starts a run with its inputs and defaults, which lists show a little later', async () => {
    const world = button()
    const { client, clock, shop, at } = world
    expect((await press(world, { environment: 'production' })).status).toBe(204)
    const listed = async () => {
      const query = { ...at, event: 'workflow_dispatch' }
      return (await client.rest.actions.listWorkflowRunsForRepo(query)).data.workflow_runs
    }
    expect(await listed()).toEqual([])
    await clock.advance(3_000)
    const [run] = await listed()
    expect(run).toMatchObject({ path: PATH, head_branch: 'main', name: 'Rollback' })
    expect(shop.inputs(run?.id ?? 0)).toEqual({ environment: 'production', 'dry-run': 'true' })
  })

  test('tells its run when asked to', async () => {
    const world = button()
    const { status, data } = await press(
      world,
      { environment: 'staging' },
      { return_run_details: true },
    )
    expect(status).toBe(200)
    const { workflow_run_id: run_id } = data as unknown as { workflow_run_id: number }
    const run = await world.client.rest.actions.getWorkflowRun({ ...world.at, run_id })
    expect(run.data.status).toBe('queued')
  })

  const refusals: [string, Record<string, string>, object, string][] = [
    [
      'an input that it does not have',
      { environment: 'staging', x: '1' },
      {},
      'Unexpected inputs provided: ["x"]',
    ],
    ['a required input that is not there', {}, {}, "Required input 'environment' not provided"],
    [
      'a value outside the choice',
      { environment: 'qa' },
      {},
      "Provided value 'qa' for input 'environment' not in the list of allowed values",
    ],
    [
      'a branch that is not there',
      { environment: 'staging' },
      { ref: 'gone' },
      'No ref found for: gone',
    ],
  ]
  test.each(refusals)('is refused for %s', async (_what, inputs, more, told) => {
    const world = button()
    const { status, message } = await refused(press(world, inputs, more))
    expect([status, message]).toEqual([422, told])
  })

  test('needs the trigger, the workflow, and a branch rather than a commit', async () => {
    const world = button()
    world.shop.workflow({ path: '.github/workflows/ci.yml', jobs: [] })
    const ci = await refused(press(world, {}, { workflow_id: 'ci.yml' }))
    expect([ci.status, ci.message]).toEqual([
      422,
      "Workflow does not have 'workflow_dispatch' trigger",
    ])
    expect((await refused(press(world, {}, { workflow_id: 'gone.yml' }))).status).toBe(404)
    const ref = world.shop.commit()
    const commit = await refused(press(world, { environment: 'staging' }, { ref }))
    expect(commit.message).toBe(`No ref found for: ${ref}`)
  })

  test('takes 25 inputs and no more', async () => {
    const world = hub()
    const names = Array.from({ length: 26 }, (_, n) => `input-${n}`)
    const dispatch = Object.fromEntries(names.map((name) => [name, {}]))
    world.shop.workflow({ path: PATH, dispatch, jobs: [{ name: 'rollback' }] })
    const given = (count: number) => Object.fromEntries(names.slice(0, count).map((n) => [n, 'x']))
    expect((await press(world, given(25))).status).toBe(204)
    expect((await refused(press(world, given(26)))).status).toBe(422)
  })
})
