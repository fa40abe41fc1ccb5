import {
  CloudWatchClient,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch'
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import type { Result, Run } from '#core'
import { baseline, connect, type Judgement, type Ports } from '#health'
import type { Store } from '#store'
import { clientConfig, memory } from '../../sandbox/gateway/clients.ts'
import { testRun } from '../../support/run.ts'
import { act, settingsOf, stocked } from './stage.ts'

export const group = '/ecs/acme-production/api-gateway'

/** A simulated CloudWatch with two alarms that are OK and a log group, in virtual time, and a run on that clock. */
export async function town() {
  const gateway = memory()
  const { clock } = gateway
  const config = clientConfig(gateway)
  const [alarms, logs] = [new CloudWatchClient(config), new CloudWatchLogsClient(config)]
  const set = (AlarmName: string, StateValue: StateValue) =>
    alarms.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a test' }))
  const alarm = async (AlarmName: string, state: StateValue = 'OK') => {
    const metric = { MetricName: 'HTTPCode_Target_5XX_Count', Namespace: 'AWS/ApplicationELB' }
    const limit = { Threshold: 5, ComparisonOperator: 'GreaterThanThreshold' as const }
    const often = { EvaluationPeriods: 1, Period: 60, Statistic: 'Sum' as const }
    await alarms.send(new PutMetricAlarmCommand({ AlarmName, ...metric, ...limit, ...often }))
    if (state !== 'INSUFFICIENT_DATA') await set(AlarmName, state)
  }
  await alarm('acme-production-5xx')
  await alarm('acme-production-latency')
  const stream = { logGroupName: group, logStreamName: 'task-1' }
  await logs.send(new CreateLogGroupCommand({ logGroupName: group }))
  await logs.send(new CreateLogStreamCommand(stream))
  const log = (message: string) => {
    const logEvents = [{ timestamp: clock.now(), message }]
    return logs.send(new PutLogEventsCommand({ ...stream, logEvents }))
  }
  const every = (milliseconds: number, work: () => unknown) => {
    clock.after(milliseconds, async () => {
      await work()
      every(milliseconds, work)
    })
  }
  return {
    ...gateway,
    clock,
    alarm,
    set,
    log,
    /** Does something again and again, for ever. */
    every,
    composite: (AlarmName: string, AlarmRule: string) =>
      alarms.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule })),
    run: testRun({ clock }),
    ports: connect({
      ...config,
      credentials: async () => config.credentials,
      retryMode: 'standard',
      customUserAgent: 'test',
    }),
  }
}

export type Town = Awaited<ReturnType<typeof town>>

/** A baseline, a restore point with what it measured, and a verification of a release after it. */
export async function deploy(
  { run, ports }: { readonly run: Run; readonly ports: Ports },
  checks: string,
  more: {
    readonly with?: { readonly [name: string]: string }
    /** What the deployment does. */
    readonly release?: () => unknown
  } = {},
): Promise<{ readonly before: Judgement; readonly result: Result; readonly store: Store }> {
  const settings = settingsOf({ checks, watch: '3m', ...more.with })
  const before = await baseline(run, ports, settings.plan)
  const { store } = await stocked(run, { measured: before.measured })
  await more.release?.()
  const result = await act(run, ports, { settings, store })
  return { before, result, store }
}
