import { ListServiceDeploymentsCommand, StopServiceDeploymentCommand } from '@aws-sdk/client-ecs'
import { expect, jest, test } from '@jest/globals'
import { serviceNames } from '../../../packages/sandbox/sample/releases.ts'
import { deploy, rollBack } from '../../support/chain/chain.ts'
import { type Company, cluster, company } from '../../support/chain/company.ts'
import { leaks, watched } from '../../support/chain/invariants.ts'
import { rest } from '../../support/chain/story.ts'

jest.setTimeout(120_000)

/** What ECS does when nobody answers a lifecycle pause in time: the deployment goes back, as if it had been told so. */
async function giveUp({ clients: { ecs } }: Company): Promise<void> {
  for (const service of serviceNames) {
    const { serviceDeployments = [] } = await ecs.send(
      new ListServiceDeploymentsCommand({ cluster, service, status: ['IN_PROGRESS'] }),
    )
    for (const { serviceDeploymentArn } of serviceDeployments)
      await ecs.send(
        new StopServiceDeploymentCommand({ serviceDeploymentArn, stopType: 'ROLLBACK' }),
      )
  }
}

test.each([5, 40])(
  'deployments that ECS takes back by itself %i s after they began are not taken back twice',
  async (seconds) => {
    const at = await company()
    const violations: string[] = []
    const scripts = {
      deploy: async () => {
        await at.deploy()
        at.clock.after(seconds * 1000, () => giveUp(at))
      },
    }
    const run = { runId: '1001', attempt: 1, sha: at.checkout(3, [2]) }
    const deployed = await deploy({ ...at, ...scripts }, { run, machine: at.machine() })
    expect(deployed.outputs.verdict).toBe('unhealthy')
    const machine = at.machine(watched({ ...at, violations }, run.runId))
    const ended = await rollBack(at, { run, machine }, 'unhealthy')
    const sent = machine.mutations.filter(({ service }) => service === 'ecs')
    const { services, store } = await rest(at)
    expect([ended.conclusion, sent, violations, leaks(at, ended.lines)]).toEqual([
      ...['success', [], [], []],
    ])
    expect(services.map(({ runs, deployments }) => `${runs}, ${deployments} deployments`)).toEqual([
      'acme-api-gateway:1 2/2, 2 deployments',
      'acme-event-processor:1 1/1, 2 deployments',
      'acme-action-workers:1 1/1, 2 deployments',
    ])
    expect(store).toMatchObject({ open: undefined })
    await at.close()
  },
)
