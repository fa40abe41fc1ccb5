import { type CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch'
import { type CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs'
import { call } from '#aws'
import type { Alarm } from './alarms.ts'
import type { AlarmsPlan } from './checks.ts'
import type { Events, Window } from './logs.ts'

/** Names that one DescribeAlarms takes, and alarms on one of its pages, at most. */
const mostAlarms = 100

/** Reads alarms of both kinds, one call for each hundred. Names that do not exist are left out, as AWS leaves them out. */
export async function observeAlarms(
  client: CloudWatchClient,
  which: AlarmsPlan['which'],
): Promise<readonly Alarm[]> {
  if ('prefix' in which) {
    return describe(client, { AlarmNamePrefix: which.prefix }, `alarms ${which.prefix}…`)
  }
  const { names } = which
  const found: Alarm[] = []
  for (let at = 0; at < names.length; at += mostAlarms) {
    const some = names.slice(at, at + mostAlarms)
    found.push(...(await describe(client, { AlarmNames: some }, some[0] ?? '')))
  }
  return found
}

async function describe(
  client: CloudWatchClient,
  which: { AlarmNamePrefix: string } | { AlarmNames: string[] },
  on: string,
): Promise<readonly Alarm[]> {
  const found: Alarm[] = []
  let NextToken: string | undefined
  do {
    // Without AlarmTypes composite alarms are left out (DescribeAlarms, "AlarmTypes").
    const input = {
      ...which,
      AlarmTypes: ['MetricAlarm' as const, 'CompositeAlarm' as const],
      MaxRecords: mostAlarms,
    }
    const page = await call(client, new DescribeAlarmsCommand({ ...input, NextToken }), on)
    found.push(...[...(page.MetricAlarms ?? []), ...(page.CompositeAlarms ?? [])].map(toAlarm))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return found
}

function toAlarm(given: {
  readonly AlarmName?: string | undefined
  readonly StateValue?: Alarm['state'] | undefined
  readonly StateTransitionedTimestamp?: Date | undefined
  readonly StateUpdatedTimestamp?: Date | undefined
}): Alarm {
  const since = given.StateTransitionedTimestamp ?? given.StateUpdatedTimestamp
  return {
    name: given.AlarmName ?? '',
    state: given.StateValue ?? 'INSUFFICIENT_DATA',
    since: since?.getTime(),
  }
}

/** Events on one page of FilterLogEvents: as few as tell a rise from a storm, and at most what AWS gives. */
const [fewEvents, mostEvents] = [100, 10_000]

/** Which events to look for, and when to stop. */
export interface EventsAsk {
  readonly group: string
  readonly pattern: string
  readonly window: Window
  /** Events after which no more are wanted. */
  readonly enough: number
  /** Calls at most: each searches a part of a big group, and may find nothing. */
  readonly calls: number
}

/**
 * Reads when matching events happened; what they say is dropped here. FilterLogEvents and not Logs Insights: it answers in the same
 * call, and is not charged by the bytes that it searches. A page may be empty and still not the last.
 */
export async function observeEvents(client: CloudWatchLogsClient, ask: EventsAsk): Promise<Events> {
  const { from, to } = ask.window
  const times: number[] = []
  let nextToken: string | undefined
  for (let calls = 0; calls < ask.calls; calls += 1) {
    const page = await call(
      client,
      new FilterLogEventsCommand({
        logGroupName: ask.group,
        filterPattern: ask.pattern,
        startTime: Math.floor(from),
        endTime: Math.floor(to) - 1,
        limit: Math.min(mostEvents, Math.max(fewEvents, ask.enough)),
        nextToken,
      }),
      ask.group,
    )
    times.push(...(page.events ?? []).flatMap(({ timestamp }) => timestamp ?? []))
    nextToken = page.nextToken
    if (nextToken === undefined || times.length >= ask.enough) break
  }
  return { times: times.sort((a, b) => a - b), complete: nextToken === undefined }
}
