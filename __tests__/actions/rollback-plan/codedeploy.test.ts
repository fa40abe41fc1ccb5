import { afterEach, expect, test } from '@jest/globals'
import { captureServices } from '#ecs'
import { compareAll } from '#rollback'
import { type Point, recordsOf } from '#store'
import { testRun } from '../../support/run.ts'
import { type CodeDeployScene, codeDeployScene, waits } from '../ecs-rollback/codedeploy-scene.ts'
import { CLUSTER, MINUTE } from '../ecs-rollback/scene.ts'

let at: CodeDeployScene
afterEach(() => at.close())

const captured = () =>
  captureServices(
    at.clients,
    { cluster: CLUSTER, names: ['web'] },
    'point',
  )(testRun({ clock: at.clock }))

/** How the services stand against a point, as the plan of a rollback sees it. */
async function compared(point: Point) {
  const { state } = await captured()
  const components = state === undefined ? {} : { ecs: state }
  const records = recordsOf(at.store)
  const [services] = await compareAll(
    testRun({ clock: at.clock }),
    point,
    { components },
    { comparisons: {}, records },
  )
  return services
}

test('a service that CodeDeploy deploys is, by task definition and digests, what its restore point has', async () => {
  at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
  const { problems, warnings, state } = await captured()
  expect([problems, warnings]).toEqual([[], []])
  expect(state?.services[0]?.containers[0]?.digest).toMatch(/^sha256:/)
  const point = await at.takePoint()
  expect(await compared(point)).toMatchObject({ same: true, differences: [] })
})

test('it is not while CodeDeploy brings something else: that would serve soon, with nobody to stop it', async () => {
  at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
  const point = await at.takePoint()
  await at.release('web:v2', MINUTE / 4)
  expect(await compared(point)).toMatchObject({
    same: false,
    differences: [['web', 'web:1, web:2 comes', 'web:1']],
  })
  expect((await captured()).warnings).toEqual([
    'service web: a deployment is under way (web:2 comes); what it ends in is not known',
  ])
  expect((await at.run({})).outcome).toBe('done')
  await at.clock.advance(10 * MINUTE)
  expect(await compared(point)).toMatchObject({ same: true })
})

test('the digests of a restore point are those that serve, not those that wait for their end', async () => {
  at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(60) })
  const digest = at.push('web:v1', 'rebuilt')
  await at.begin('web:1')
  await at.clock.advance(10 * MINUTE)
  expect(await at.sets()).toEqual(['PRIMARY web:1 2/2', 'ACTIVE web:1 2/2'])
  const { state, warnings } = await captured()
  expect(state?.services[0]?.containers).toMatchObject([{ name: 'web', digest }])
  expect(warnings).toEqual([])
})
