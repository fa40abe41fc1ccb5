import {
  CloudWatchClient,
  DeleteAlarmsCommand,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  type DescribeAlarmsCommandInput,
  PutCompositeAlarmCommand,
  PutMetricAlarmCommand,
  SetAlarmStateCommand,
  type StateValue,
} from '@aws-sdk/client-cloudwatch'
import { clientConfig, failure, memory } from '../gateway/clients.ts'

function town() {
  const gateway = memory()
  const client = new CloudWatchClient(clientConfig(gateway))
  const both = ['MetricAlarm' as const, 'CompositeAlarm' as const]
  return {
    clock: gateway.clock,
    client,
    metric: (AlarmName: string) =>
      client.send(
        new PutMetricAlarmCommand({
          AlarmName,
          MetricName: 'HTTPCode_Target_5XX_Count',
          Namespace: 'AWS/ApplicationELB',
          ComparisonOperator: 'GreaterThanThreshold',
          EvaluationPeriods: 1,
          Period: 60,
          Threshold: 5,
          Statistic: 'Sum',
        }),
      ),
    composite: (AlarmName: string, AlarmRule: string) =>
      client.send(new PutCompositeAlarmCommand({ AlarmName, AlarmRule })),
    set: (AlarmName: string, StateValue: StateValue) =>
      client.send(new SetAlarmStateCommand({ AlarmName, StateValue, StateReason: 'a test' })),
    describe: (input: DescribeAlarmsCommandInput = {}) =>
      client.send(new DescribeAlarmsCommand({ AlarmTypes: both, ...input })),
  }
}

describe('the alarms of CloudWatch', () => {
  test('begin without data, keep what they were given, and say when their state changed', async () => {
    const { clock, metric, set, describe } = town()
    await metric('prod-5xx')
    const [fresh] = (await describe()).MetricAlarms ?? []
    expect(fresh).toMatchObject({ StateValue: 'INSUFFICIENT_DATA', Threshold: 5, Period: 60 })
    await clock.advance(60_000)
    await set('prod-5xx', 'OK')
    const changed = new Date(clock.now())
    await clock.advance(60_000)
    await set('prod-5xx', 'OK')
    expect((await describe()).MetricAlarms?.[0]).toMatchObject({
      StateValue: 'OK',
      StateTransitionedTimestamp: changed,
      StateUpdatedTimestamp: new Date(clock.now()),
    })
    await metric('prod-5xx')
    expect((await describe()).MetricAlarms?.[0]?.StateValue).toBe('OK')
  })

  test('are paged over both kinds in the order of their names', async () => {
    const { metric, composite, describe } = town()
    for (const name of ['a1', 'a3', 'a5', 'b1']) await metric(name)
    for (const name of ['a2', 'a4']) await composite(name, 'ALARM(a1)')
    const names: string[][] = []
    let NextToken: string | undefined
    do {
      const page = await describe({ AlarmNamePrefix: 'a', MaxRecords: 2, NextToken })
      const all = [...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])]
      names.push(all.map(({ AlarmName }) => AlarmName ?? '').sort())
      NextToken = page.NextToken
    } while (NextToken !== undefined)
    expect(names).toEqual([['a1', 'a2'], ['a3', 'a4'], ['a5']])
  })

  test('that are composite are left out unless they are asked for', async () => {
    const { metric, composite, describe } = town()
    await metric('a')
    await composite('b', 'ALARM(a)')
    const answer = await describe({ AlarmTypes: undefined })
    expect(answer.CompositeAlarms).toEqual([])
  })

  test.each([
    ['ALARM(a)', 'ALARM'],
    ['ALARM("a") AND ALARM(b)', 'OK'],
    ['ALARM(a) AND NOT ALARM(b)', 'ALARM'],
    ['ALARM(b) OR (OK(b) AND ALARM(a))', 'ALARM'],
    ['OK(a) OR FALSE', 'OK'],
    ['ALARM(arn:aws:cloudwatch:us-east-1:111111111111:alarm:a)', 'ALARM'],
  ])('follow the rule %s', async (rule, state) => {
    const { metric, composite, set, describe } = town()
    await metric('a')
    await metric('b')
    await set('b', 'OK')
    await composite('all', rule)
    await set('a', 'ALARM')
    expect((await describe()).CompositeAlarms?.[0]?.StateValue).toBe(state)
  })

  test('know their own errors', async () => {
    const { client, metric, composite, set, describe } = town()
    expect((await failure(set('nope', 'OK'))).name).toBe('ResourceNotFound')
    expect((await failure(composite('x', 'ALARM(a'))).name).toBe('ValidationException')
    expect((await failure(describe({ MaxRecords: 101 }))).name).toBe('ValidationException')
    expect((await failure(describe({ AlarmNames: ['a'], AlarmNamePrefix: 'a' }))).name).toBe(
      'ValidationException',
    )
    await metric('a')
    await client.send(new DeleteAlarmsCommand({ AlarmNames: ['a'] }))
    expect((await describe()).MetricAlarms).toEqual([])
    const refused = await failure(client.send(new DescribeAlarmHistoryCommand({})))
    expect(refused.name).toBe('NotImplemented')
  })
})
