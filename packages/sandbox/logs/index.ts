import { AwsError, type Caller, type Ground, type Operation, type Service } from '../service.ts'
import { compilePattern } from './pattern.ts'

/** One line. Times are milliseconds since the epoch. */
interface Event {
  readonly id: string
  readonly stream: string
  readonly timestamp: number
  readonly message: string
  readonly ingested: number
}

interface Group {
  readonly name: string
  readonly arn: string
  readonly created: number
  readonly streams: Map<string, { readonly created: number }>
  readonly events: Event[]
}

/** Simulated milliseconds until a line that was put can be found. */
export const visibleAfter = 2_000

/** Lines that one FilterLogEvents searches: it may find nothing in them and still have more. */
export const searchedAtOnce = 5_000

const day = 86_400_000

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

const noGroup = () =>
  new AwsError('ResourceNotFoundException', 'The specified log group does not exist.')

function page<Item>(items: readonly Item[], token: string | undefined, most: number) {
  const start = Number(token ?? 0)
  if (!Number.isInteger(start) || start < 0) throw invalid('The specified nextToken is invalid.')
  const end = start + most
  return {
    items: items.slice(start, end),
    next: end < items.length ? { nextToken: String(end) } : {},
  }
}

interface Filter {
  readonly logStreamNames?: readonly string[]
  readonly logStreamNamePrefix?: string
  readonly startTime?: number
  readonly endTime?: number
  readonly filterPattern?: string
  readonly limit?: number
  readonly nextToken?: string
}

/** One page of the matching lines, by their time; `endTime` is the last millisecond that counts. */
function filter(events: readonly Event[], input: Filter) {
  const { startTime = 0, endTime = Number.POSITIVE_INFINITY, limit = 10_000 } = input
  const { logStreamNames, logStreamNamePrefix = '' } = input
  const matches = compilePattern(input.filterPattern ?? '')
  const within = events
    .filter(({ timestamp }) => timestamp >= startTime && timestamp <= endTime)
    .filter(
      ({ stream }) => logStreamNames?.includes(stream) ?? stream.startsWith(logStreamNamePrefix),
    )
    .sort((a, b) => a.timestamp - b.timestamp || a.ingested - b.ingested)
  const { items } = page(within, input.nextToken, searchedAtOnce)
  const from = Number(input.nextToken ?? 0)
  const found = items
    .map((event, index) => ({ event, index }))
    .filter(({ event }) => matches(event.message))
  const shown = found.slice(0, limit)
  const cut = found[limit]
  const next = from + (cut === undefined ? items.length : cut.index)
  return {
    events: shown.map(({ event }) => ({
      eventId: event.id,
      logStreamName: event.stream,
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingested,
    })),
    searchedLogStreams: [],
    ...(next < within.length ? { nextToken: String(next) } : {}),
  }
}

/** Puts lines as AWS takes them: in the order of their times, none older than two weeks or two hours ahead. */
function put(
  group: Group,
  given: { logStreamName: string; logEvents: { timestamp: number; message: string }[] },
  now: number,
) {
  if (!group.streams.has(given.logStreamName)) {
    throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.')
  }
  const times = given.logEvents.map(({ timestamp }) => timestamp)
  if (times.some((at, index) => at < (times[index - 1] ?? 0))) {
    throw invalid('Log events in a single PutLogEvents request must be in chronological order.')
  }
  const taken = given.logEvents.filter(
    ({ timestamp }) => timestamp >= now - 14 * day && timestamp <= now + day / 12,
  )
  for (const event of taken) {
    const id = String(group.events.length).padStart(56, '0')
    group.events.push({ ...event, id, stream: given.logStreamName, ingested: now })
  }
  const old = times.filter((at) => at < now - 14 * day).length
  const early = times.findIndex((at) => at > now + day / 12)
  return {
    nextSequenceToken: '0',
    ...(old > 0 || early >= 0
      ? {
          rejectedLogEventsInfo: {
            ...(old > 0 && { tooOldLogEventEndIndex: old }),
            ...(early >= 0 && { tooNewLogEventStartIndex: early }),
          },
        }
      : {}),
  }
}

/** The log groups of CloudWatch Logs, their lines and filters, per account and region. */
export function logsService({ clock }: Pick<Ground, 'clock'>): Service {
  const places = new Map<string, Map<string, Group>>()
  const of = ({ account, region }: Caller) => {
    const key = `${account}/${region}`
    const found = places.get(key) ?? new Map<string, Group>()
    places.set(key, found)
    return found
  }
  const groupOf = (
    input: { logGroupName?: string; logGroupIdentifier?: string },
    caller: Caller,
  ) => {
    const named = input.logGroupName ?? input.logGroupIdentifier?.replace(/^arn:.*:log-group:/, '')
    const group = of(caller).get(named ?? '')
    if (!group) throw noGroup()
    return group
  }
  const visible = (group: Group) =>
    group.events.filter(({ ingested }) => clock.since(ingested) >= visibleAfter)
  const groups: Record<string, Operation> = {
    CreateLogGroup: (input, caller) => {
      const name: string = input.logGroupName
      if (of(caller).has(name)) {
        throw new AwsError(
          'ResourceAlreadyExistsException',
          'The specified log group already exists',
        )
      }
      const arn = `arn:aws:logs:${caller.region}:${caller.account}:log-group:${name}`
      of(caller).set(name, { name, arn, created: clock.now(), streams: new Map(), events: [] })
      return {}
    },
    DeleteLogGroup: (input, caller) => {
      of(caller).delete(groupOf(input, caller).name)
      return {}
    },
    DescribeLogGroups: (input, caller) => {
      const all = [...of(caller).values()]
        .filter(({ name }) => name.startsWith(input.logGroupNamePrefix ?? ''))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
      const { items, next } = page(all, input.nextToken, input.limit ?? 50)
      const logGroups = items.map(({ name, arn, created }) => ({
        logGroupName: name,
        arn: `${arn}:*`,
        logGroupArn: arn,
        creationTime: created,
      }))
      return { logGroups, ...next }
    },
  }
  const streams: Record<string, Operation> = {
    CreateLogStream: (input, caller) => {
      const { streams: known } = groupOf(input, caller)
      if (known.has(input.logStreamName)) {
        throw new AwsError(
          'ResourceAlreadyExistsException',
          'The specified log stream already exists',
        )
      }
      known.set(input.logStreamName, { created: clock.now() })
      return {}
    },
    DescribeLogStreams: (input, caller) => {
      const group = groupOf(input, caller)
      const all = [...group.streams].filter(([name]) =>
        name.startsWith(input.logStreamNamePrefix ?? ''),
      )
      const { items, next } = page(all, input.nextToken, input.limit ?? 50)
      const logStreams = items.map(([name, { created }]) => ({
        logStreamName: name,
        creationTime: created,
        arn: `${group.arn}:log-stream:${name}`,
      }))
      return { logStreams, ...next }
    },
  }
  return {
    name: 'logs',
    overlay: true,
    operations: {
      ...groups,
      ...streams,
      PutLogEvents: (input, caller) => put(groupOf(input, caller), input, clock.now()),
      FilterLogEvents: (input, caller) => filter(visible(groupOf(input, caller)), input),
    },
  }
}
