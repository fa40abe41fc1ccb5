import { DescribeServicesCommand, type Service } from '@aws-sdk/client-ecs'
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds'
import { realClock } from '../clock.ts'
import type { Sandbox } from '../index.ts'
import {
  type Answer,
  cluster,
  type Sample,
  serviceNames,
  type Traffic,
  type Visit,
  type Visitors,
} from '../sample/index.ts'
import { type Fact, factOfCall, tasksOf } from './facts.ts'

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
  return `steady on ${primary.taskDefinition?.split('/').at(-1)}, ${tasksOf(runningCount)}`
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

type Turn = (good: boolean, at: number) => void

/** Calls back when so many attempts in a row went otherwise than those before, with the moment of the first; single ones are not news. */
function turns(enough: number, turned: Turn) {
  let good = true
  let streak = 0
  let first = 0
  return ({ at, ok }: { readonly at: number; readonly ok: boolean }) => {
    if (ok === good) {
      streak = 0
      return
    }
    if (streak === 0) first = at
    streak += 1
    if (streak < enough) return
    streak = 0
    good = ok
    turned(ok, first)
  }
}

/** Tells when customers begin to fail and when they are served again. */
export function watchCustomers(traffic: Traffic, tell: (fact: Fact) => void): void {
  let last: Answer | undefined
  const look = turns(5, (good, at) => {
    const how = last?.status === 0 ? 'no answer' : `HTTP ${last?.status}`
    const text = good ? `served again, by release ${last?.release ?? '?'}` : `requests fail: ${how}`
    tell({ at, who: 'customers', tone: good ? 'good' : 'bad', text })
  })
  traffic.onAnswer((answer) => {
    last = answer
    look(answer)
  })
}

/** Tells when visitors begin to see a page that does not work and when it works again. */
export function watchVisitors(visitors: Visitors, tell: (fact: Fact) => void): void {
  let last: Visit | undefined
  const look = turns(2, (good, at) => {
    const broken = last?.page
      ? `the page is whole and has nothing to show: its API answers ${last.api}`
      : 'the page is broken: a file of it is missing'
    const text = good ? `see the page of release ${last?.release ?? '?'}, whole` : broken
    tell({ at, who: 'visitors', tone: good ? 'good' : 'bad', text })
  })
  visitors.onVisit((one) => {
    last = one
    look(one)
  })
}
