import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { describe, expect, jest, test } from '@jest/globals'
import { deploy, rollBack } from '../../support/chain/chain.ts'
import { type Company, company, MINUTE } from '../../support/chain/company.ts'
import { leaks, watched } from '../../support/chain/invariants.ts'
import { misset } from '../../support/chain/machine.ts'
import { all, differences, rest, type Story, stories } from '../../support/chain/story.ts'

jest.setTimeout(300_000)

/** By how many minutes the clocks of the deploy job's and the rollback job's machine are wrong. */
const wrong: readonly (readonly [number, number])[] = all
  ? [
      [15, 15],
      [-15, -15],
      [15, -15],
      [-15, 15],
      [0, 15],
      [0, -15],
    ]
  : [
      [15, -15],
      [-15, 15],
    ]

/** A bad release deployed and rolled back on machines whose clocks are wrong. */
async function between(story: Story, [deploying, rolling]: readonly [number, number]) {
  const { environment, brings, release } = story
  const at = await company(environment, brings)
  const violations: string[] = []
  const run = { runId: '1001', attempt: 1, sha: at.checkout(release, [2]) }
  const deployed = await deploy(at, { run, machine: misset(at.machine(), deploying * MINUTE) })
  await at.write()
  const watcher = watched({ ...at, violations }, run.runId)
  const machine = misset(at.machine(watcher), rolling * MINUTE)
  const ended = await rollBack(at, { run, machine }, 'unhealthy')
  const picture = await rest(at)
  await at.close()
  return { deployed, ended, picture, violations, leaks: leaks(at, ended.lines) }
}

describe.each(stories)('$name', (story: Story) => {
  test.each(wrong)(
    'deployed on a machine whose clock is %i minutes off, and rolled back on one that is %i minutes off, it ends as with right clocks',
    async (...off) => {
      const right = await between(story, [0, 0])
      const { deployed, ended, picture, violations, leaks } = await between(story, off)
      expect(deployed.outputs).toEqual(right.deployed.outputs)
      expect(ended.conclusion).toBe('success')
      expect(differences(picture, right.picture)).toEqual([])
      expect([violations, leaks]).toEqual([[], []])
      expect(ended.lines.join('\n')).toMatch(/clock is 1[45] min \d+ s/)
    },
  )
})

const group = '/ecs/acme-production/api-gateway'

/** A company whose services write a line of error each second from the deployment on. */
async function failing(): Promise<Company> {
  const at = await company({ checks: [{ logs: { group, pattern: 'ERROR' } }] })
  const logs = new CloudWatchLogsClient({ ...at.machine().aws })
  const stream = { logGroupName: group, logStreamName: 'task-1' }
  await logs.send(new CreateLogGroupCommand({ logGroupName: group }))
  await logs.send(new CreateLogStreamCommand(stream))
  const fail = () =>
    at.clock.after(1000, async () => {
      const logEvents = [{ timestamp: at.clock.now(), message: 'ERROR no such column' }]
      await logs.send(new PutLogEventsCommand({ ...stream, logEvents }))
      fail()
    })
  const scripts = { deploy: at.deploy }
  return {
    ...at,
    deploy: async () => {
      await scripts.deploy()
      fail()
    },
  }
}

test.each([0, 15, -15])(
  'lines of error are found by a machine whose clock is %i minutes off',
  async (off) => {
    const at = await failing()
    const run = { runId: '1001', attempt: 1, sha: at.checkout(3, [2]) }
    const { outputs } = await deploy(at, { run, machine: misset(at.machine(), off * MINUTE) })
    expect(outputs.verdict).toBe('unhealthy')
    await at.close()
  },
)
