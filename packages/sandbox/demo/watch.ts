import { DescribeServicesCommand, type Service } from '@aws-sdk/client-ecs'
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import { realClock } from '../clock.ts'
import type { Sandbox } from '../index.ts'
import { cluster, type Sample, serviceNames, type Traffic } from '../sample/index.ts'
import { type Fact, factOfCall } from './facts.ts'

const clock = realClock()
const EVERY = 250

/** Says a state only when it differs from the last that was said of the same thing. */
function differences(tell: (fact: Fact) => void) {
  const last = new Map<string, string>()
  return (thing: string, state: string) => {
    if (last.get(thing) === state) return
    last.set(thing, state)
    tell({ at: clock.now(), who: 'aws', tone: 'plain', text: `${thing}: ${state}` })
  }
}

/** The state of a service in words, or nothing while it is on its way. */
function stateOf({ deployments = [], desiredCount = 0, runningCount = 0 }: Service) {
  const [primary] = deployments
  if (desiredCount === 0) return runningCount === 0 ? 'stopped' : undefined
  if (deployments.length !== 1 || primary?.rolloutState !== 'COMPLETED') return undefined
  if (runningCount < desiredCount) return undefined
  return `steady on ${primary.taskDefinition?.split('/').at(-1)}, ${runningCount} tasks`
}

type Say = ReturnType<typeof differences>

async function lookAtAws({ clients: { ecs, rds } }: Sample, say: Say): Promise<void> {
  const [described, instances, snapshots] = await Promise.all([
    ecs.send(new DescribeServicesCommand({ cluster, services: [...serviceNames] })),
    rds.send(new DescribeDBInstancesCommand({})),
    rds.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'manual' })),
  ])
  for (const service of described.services ?? []) {
    const state = stateOf(service)
    if (state) say(`ECS: ${service.serviceName}`, state)
  }
  for (const one of instances.DBInstances ?? [])
    say(`RDS: ${one.DBInstanceIdentifier}`, String(one.DBInstanceStatus))
  for (const one of snapshots.DBSnapshots ?? [])
    say(`RDS: snapshot ${one.DBSnapshotIdentifier}`, String(one.Status))
}

/** Tells what happens in AWS, until it is stopped. */
export interface AwsWatch {
  /** Tells the calls that were made up to now. */
  catchUp(): void
  stop(): Promise<void>
}

/** Tells what happens in AWS: each change that somebody calls for, and each state that follows. */
export function watchAws(sandbox: Sandbox, sample: Sample, tell: (fact: Fact) => void): AwsWatch {
  const say = differences(tell)
  let stopped = false
  let after = sandbox.calls.list().at(-1)?.n ?? 0
  const catchUp = () => {
    for (const call of sandbox.calls.list({ after, account: sample.account })) {
      after = call.n
      const fact = factOfCall(call)
      if (fact) tell(fact)
    }
  }
  const loop = async () => {
    while (!stopped) {
      catchUp()
      // The timeline is no proof: a look that fails is only a line less.
      await lookAtAws(sample, say).catch(() => undefined)
      await clock.sleep(EVERY)
    }
  }
  const done = loop()
  return {
    catchUp,
    stop: async () => {
      stopped = true
      await done
      catchUp()
    },
  }
}

const ENOUGH = 5

/** Tells when customers begin to fail and when they are served again; single answers are not news. */
export function watchCustomers(traffic: Traffic, tell: (fact: Fact) => void): void {
  let state: 'served' | 'failing' = 'served'
  let streak = 0
  let first = 0
  traffic.onAnswer(({ at, ok, status, release }) => {
    if (ok === (state === 'served')) {
      streak = 0
      return
    }
    if (streak === 0) first = at
    streak += 1
    if (streak < ENOUGH) return
    streak = 0
    state = ok ? 'served' : 'failing'
    const how = status === 0 ? 'no answer' : `HTTP ${status}`
    const text = ok ? `served again, by release ${release ?? '?'}` : `requests fail: ${how}`
    tell({ at: first, who: 'customers', tone: ok ? 'good' : 'bad', text })
  })
}
