import { AwsError, type Caller, type Ground, type Operation, type Service } from '../service.ts'
import { parseRule, type Rule } from './rule.ts'

type State = 'OK' | 'ALARM' | 'INSUFFICIENT_DATA'

/** One alarm; `shown` are the members that were given and come back as they are. Times are milliseconds. */
interface Alarm {
  readonly name: string
  readonly arn: string
  readonly shown: Readonly<Record<string, unknown>>
  readonly configured: number
  /** Of a composite alarm. */
  readonly rule?: Rule
  state: State
  reason: string
  updated: number
  transitioned: number
}

const states: readonly State[] = ['OK', 'ALARM', 'INSUFFICIENT_DATA']

const invalid = (message: string) => new AwsError('ValidationError', message)

type Place = Map<string, Alarm>

/** Alarms that a call names, in the order of their names, as AWS pages them over both kinds. */
function selected(place: Place, input: Asked): readonly Alarm[] {
  const { AlarmNames, AlarmNamePrefix, StateValue, AlarmTypes = ['MetricAlarm'] } = input
  if (AlarmNames && AlarmNamePrefix !== undefined) {
    throw invalid('AlarmNamePrefix and AlarmNames cannot be given together')
  }
  if ((AlarmNames?.length ?? 0) > 100) throw invalid('at most 100 AlarmNames')
  return [...place.values()]
    .filter(({ rule }) => AlarmTypes.includes(rule ? 'CompositeAlarm' : 'MetricAlarm'))
    .filter(({ name }) => !AlarmNames || AlarmNames.includes(name))
    .filter(({ name }) => name.startsWith(AlarmNamePrefix ?? ''))
    .filter(({ state }) => StateValue === undefined || state === StateValue)
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

interface Asked {
  readonly AlarmNames?: readonly string[]
  readonly AlarmNamePrefix?: string
  readonly StateValue?: string
  readonly AlarmTypes?: readonly string[]
  readonly MaxRecords?: number
  readonly NextToken?: string
}

function described({ name, arn, shown, state, reason, ...alarm }: Alarm): Record<string, unknown> {
  return {
    ...shown,
    AlarmName: name,
    AlarmArn: arn,
    StateValue: state,
    StateReason: reason,
    StateUpdatedTimestamp: new Date(alarm.updated),
    StateTransitionedTimestamp: new Date(alarm.transitioned),
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configured),
  }
}

function describe(place: Place, input: Asked) {
  const most = input.MaxRecords ?? 50
  if (most < 1 || most > 100) throw invalid('MaxRecords must be between 1 and 100')
  // As on AWS any text is a token: the next page begins at the first name that is not before it.
  const rest = selected(place, input).filter(({ name }) => name >= (input.NextToken ?? ''))
  const page = rest.slice(0, most)
  const next = rest[most]?.name
  return {
    MetricAlarms: page.filter(({ rule }) => !rule).map(described),
    CompositeAlarms: page.filter(({ rule }) => rule).map(described),
    ...(next === undefined ? {} : { NextToken: next }),
  }
}

function move(alarm: Alarm, to: { state: State; reason: string; now: number }): void {
  if (alarm.state !== to.state) alarm.transitioned = to.now
  alarm.state = to.state
  alarm.reason = to.reason
  alarm.updated = to.now
}

/** Composite alarms follow their rules, also those over other composite ones. */
function follow(place: Place, now: number): void {
  const stateOf = (name: string) => place.get(name)?.state
  for (let round = 0; round < 10; round += 1) {
    const changed = [...place.values()].filter((alarm) => {
      if (!alarm.rule) return false
      const state = alarm.rule(stateOf) ? 'ALARM' : 'OK'
      if (state === alarm.state) return false
      move(alarm, { state, reason: 'its rule was evaluated', now })
      return true
    })
    if (changed.length === 0) return
  }
}

const notHere = (name: string) => () => {
  throw new AwsError('NotImplemented', `The sandbox does not simulate monitoring:${name}`, 501)
}

/** Operations on alarms which the process behind would answer for alarms that it does not have. */
const refused = [
  'DescribeAlarmHistory',
  'DescribeAlarmsForMetric',
  'EnableAlarmActions',
  'DisableAlarmActions',
]

/** The alarms of CloudWatch, per account and region; metrics are answered by who is behind, and move no alarm. */
export function monitoringService({ clock }: Pick<Ground, 'clock'>): Service {
  const places = new Map<string, Place>()
  const of = ({ account, region }: Caller): Place => {
    const key = `${account}/${region}`
    const found = places.get(key) ?? new Map<string, Alarm>()
    places.set(key, found)
    return found
  }
  const put = (input: Record<string, unknown>, caller: Caller, rule?: Rule) => {
    const place = of(caller)
    const name = String(input.AlarmName)
    const before = place.get(name)
    const now = clock.now()
    const { AlarmName, Tags, ...shown } = input
    place.set(name, {
      name,
      arn: `arn:aws:cloudwatch:${caller.region}:${caller.account}:alarm:${name}`,
      shown,
      configured: now,
      state: before?.state ?? 'INSUFFICIENT_DATA',
      reason: before?.reason ?? 'Unchecked: Initial alarm creation',
      updated: before?.updated ?? now,
      transitioned: before?.transitioned ?? now,
      ...(rule && { rule }),
    })
    follow(place, now)
    return {}
  }
  const operations: Record<string, Operation> = {
    PutMetricAlarm: (input, caller) => put(input, caller),
    PutCompositeAlarm: (input, caller) => put(input, caller, parseRule(input.AlarmRule)),
    DescribeAlarms: (input, caller) => describe(of(caller), input),
    SetAlarmState: (input, caller) => {
      const place = of(caller)
      const alarm = place.get(input.AlarmName)
      if (!alarm) throw new AwsError('ResourceNotFound', `Alarm ${input.AlarmName} not found`, 404)
      if (!states.includes(input.StateValue))
        throw invalid('StateValue must be OK, ALARM or INSUFFICIENT_DATA')
      const now = clock.now()
      move(alarm, { state: input.StateValue, reason: input.StateReason, now })
      // A composite alarm is evaluated again only when another alarm changes.
      if (!alarm.rule) follow(place, now)
      return {}
    },
    DeleteAlarms: (input: { AlarmNames: string[] }, caller) => {
      for (const name of input.AlarmNames) of(caller).delete(name)
      return {}
    },
    ...Object.fromEntries(refused.map((name) => [name, notHere(name)])),
  }
  return { name: 'monitoring', overlay: true, operations }
}
