import type { AlarmState } from './ecs/alarms.ts'
import type { Operation } from './service.ts'

/** Which of the named alarms of CloudWatch exist, and in which state. */
export type AlarmReader = (
  names: readonly string[],
  place: { readonly account: string; readonly region: string },
) => readonly AlarmState[]

interface Described {
  readonly AlarmName: string
  readonly StateValue: string
  readonly Period?: number
  readonly EvaluationPeriods?: number
}

const SECOND = 1000

/** Reads alarms by DescribeAlarms; nothing exists where it answers later, as no simulated one does. */
export function alarmReader(describe: () => Operation | undefined): AlarmReader {
  return (names, { account, region }) => {
    if (names.length === 0) return []
    const input = {
      AlarmNames: names,
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
      MaxRecords: 100,
    }
    const caller = { account, region, accessKeyId: account, requestId: 'ecs' }
    const answer = describe()?.(input, caller) as
      | { readonly MetricAlarms?: Described[]; readonly CompositeAlarms?: Described[] }
      | undefined
    return [...(answer?.MetricAlarms ?? []), ...(answer?.CompositeAlarms ?? [])].map((one) => ({
      name: one.AlarmName,
      state: one.StateValue,
      spanMs: (one.Period ?? 0) * (one.EvaluationPeriods ?? 0) * SECOND,
    }))
  }
}
