import { CreateDeploymentCommand, GetDeploymentTargetCommand } from '@aws-sdk/client-codedeploy'
import { afterEach, expect, test } from '@jest/globals'
import {
  appSpecOf,
  type CodeDeployScene,
  codeDeployScene,
  GROUP,
  waits,
} from '../../actions/ecs-rollback/codedeploy-scene.ts'
import { MINUTE } from '../../actions/ecs-rollback/scene.ts'

let at: CodeDeployScene
afterEach(() => at.close())

/** Traffic of the task sets, and the lifecycle events so far. */
async function target(deploymentId: string) {
  const command = new GetDeploymentTargetCommand({ deploymentId, targetId: 'prod:web' })
  const { deploymentTarget } = await at.clients.codeDeploy.send(command)
  const { taskSetsInfo = [], lifecycleEvents = [], status } = deploymentTarget?.ecsTarget ?? {}
  return {
    status,
    traffic: taskSetsInfo.map((set) => `${set.taskSetLabel} ${set.trafficWeight}`),
    events: lifecycleEvents.map((one) => `${one.lifecycleEventName} ${one.status}`),
  }
}

test('a canary sends a tenth to the replacement first, then everything', async () => {
  at = await codeDeployScene()
  at.push('web:v2')
  const content = appSpecOf(await at.register('web', 'web:v2'))
  const made = await at.clients.codeDeploy.send(
    new CreateDeploymentCommand({
      ...GROUP,
      deploymentConfigName: 'CodeDeployDefault.ECSCanary10Percent5Minutes',
      revision: { revisionType: 'AppSpecContent', appSpecContent: { content } },
    }),
  )
  const id = made.deploymentId ?? ''
  const seen = new Set<string>()
  for (let second = 0; second < 900; second += 10) {
    await at.clock.advance(10_000)
    seen.add((await target(id)).traffic.join(', '))
  }
  expect([...seen]).toEqual(['Blue 100, Green 0', 'Blue 90, Green 10', 'Blue 0, Green 100'])
  expect(await target(id)).toEqual({
    status: expect.any(String),
    traffic: ['Blue 0', 'Green 100'],
    events: [
      'BeforeInstall Skipped',
      'Install Succeeded',
      'AfterInstall Skipped',
      'BeforeAllowTraffic Skipped',
      'AllowTraffic Succeeded',
      'AfterAllowTraffic Succeeded',
    ],
  })
})

test('a deployment that nobody approves is stopped, and the traffic stays', async () => {
  at = await codeDeployScene({ blueGreenDeploymentConfiguration: waits(5, true) })
  const id = await at.release('web:v2', 5 * MINUTE)
  expect((await at.info(id)).status).toBe('Ready')
  await at.clock.advance(121 * MINUTE)
  expect([(await at.info(id)).status, (await target(id)).traffic]).toEqual([
    'Stopped',
    ['Blue 100', 'Green 0'],
  ])
})

test('a replacement that never becomes healthy fails after an hour, and the next deployment removes it', async () => {
  at = await codeDeployScene()
  at.runtime.behave('web:v2', { kind: 'unhealthy', status: 500 })
  const id = await at.release('web:v2', 70 * MINUTE)
  const { status, errorInformation } = await at.info(id)
  expect([status, errorInformation?.code]).toEqual(['Failed', 'TIMEOUT'])
  await at.release('web:v3', 30 * MINUTE)
  expect(await at.sets()).toEqual(['PRIMARY web:3 2/2'])
})

test.each([
  ['an AppSpec without a task definition', '{"version": 0, "Resources": []}'],
  ['no AppSpec at all', 'x'],
])('%s is refused', async (_, content) => {
  at = await codeDeployScene()
  await expect(at.begin('web:1', () => content)).rejects.toMatchObject({
    name: 'InvalidRevisionException',
  })
})

test('a deployment that has ended is not stopped, and one that waits for nobody is not continued', async () => {
  at = await codeDeployScene()
  const id = await at.release()
  await expect(at.stopDeployment(id, true)).rejects.toMatchObject({
    name: 'DeploymentAlreadyCompletedException',
  })
  await expect(at.approve(id)).rejects.toMatchObject({
    name: 'DeploymentIsNotInReadyStateException',
  })
})
