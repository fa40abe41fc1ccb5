import type { Service } from '../service.ts'
import type { World } from './state.ts'

/** Looks at alarms as CodeDeploy does: through the simulated CloudWatch. */
export function alarmsIn(monitoring: Service): World['alarming'] {
  return async (place, names) => {
    const caller = { ...place, accessKeyId: place.account, requestId: '' }
    const input = {
      AlarmNames: [...names],
      StateValue: 'ALARM',
      AlarmTypes: ['MetricAlarm', 'CompositeAlarm'],
    }
    const found = (await monitoring.operations.DescribeAlarms?.(input, caller)) as {
      readonly MetricAlarms?: readonly { readonly AlarmName: string }[]
      readonly CompositeAlarms?: readonly { readonly AlarmName: string }[]
    }
    const alarms = [...(found?.MetricAlarms ?? []), ...(found?.CompositeAlarms ?? [])]
    return alarms.map(({ AlarmName }) => AlarmName)
  }
}
