import { DescribeImagesCommand } from '@aws-sdk/client-ecr'
import { DescribeTasksCommand, ListTasksCommand } from '@aws-sdk/client-ecs'
import { CLUSTER, MINUTE, scene } from '../../actions/ecs-rollback/scene.ts'

const repository = '123456789012.dkr.ecr.us-east-1.amazonaws.com/web'

test('a task of an archived image fails as one of a deleted image, and ECR still describes it', async () => {
  const at = await scene()
  at.push(`${repository}:v2`)
  const taskDefinition = await at.register('web', `${repository}:v2`)
  at.images.archive(`${repository}:v2`)
  await at.update('web', { taskDefinition })
  await at.clock.advance(2 * MINUTE)
  const { ecs, images } = at.clients
  const { taskArns: tasks } = await ecs.send(
    new ListTasksCommand({ cluster: CLUSTER, serviceName: 'web', desiredStatus: 'STOPPED' }),
  )
  const stopped = await ecs.send(new DescribeTasksCommand({ cluster: CLUSTER, tasks }))
  expect(stopped.tasks?.[0]?.stoppedReason).toContain(`${repository}:v2: not found`)
  const named = { repositoryName: 'web', imageIds: [{ imageTag: 'v2' }] }
  const look = async () => (await images.send(new DescribeImagesCommand(named))).imageDetails?.[0]
  expect(await look()).toMatchObject({ imageStatus: 'ARCHIVED' })
  at.push(`${repository}:v2`)
  await at.update('web', { taskDefinition, forceNewDeployment: true })
  await at.clock.advance(10 * MINUTE)
  const pulled = await look()
  expect([pulled?.imageStatus, typeof pulled?.lastRecordedPullTime]).toEqual(['ACTIVE', 'object'])
  await at.close()
})
