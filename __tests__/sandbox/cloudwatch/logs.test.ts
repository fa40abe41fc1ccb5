import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  DeleteLogGroupCommand,
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  type FilterLogEventsCommandInput,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs'
import { searchedAtOnce } from '../../../packages/sandbox/logs/index.ts'
import { compilePattern } from '../../../packages/sandbox/logs/pattern.ts'
import { clientConfig, failure, memory } from '../gateway/clients.ts'

async function town() {
  const gateway = memory()
  const client = new CloudWatchLogsClient(clientConfig(gateway))
  await client.send(new CreateLogGroupCommand({ logGroupName: '/ecs/api' }))
  const stream = { logGroupName: '/ecs/api', logStreamName: 'one' }
  await client.send(new CreateLogStreamCommand(stream))
  const { clock } = gateway
  return {
    clock,
    client,
    put: (...lines: [timestamp: number, message: string][]) =>
      client.send(
        new PutLogEventsCommand({
          ...stream,
          logEvents: lines.map(([timestamp, message]) => ({ timestamp, message })),
        }),
      ),
    filter: (input: Partial<FilterLogEventsCommandInput> = {}) =>
      client.send(new FilterLogEventsCommand({ logGroupName: '/ecs/api', ...input })),
  }
}

const line = '{"level":"ERROR","status":503,"user":{"id":7},"msg":"boom \\"now\\""}'

describe('a filter pattern', () => {
  test.each<[pattern: string, message: string, matches: boolean]>([
    ['', 'anything', true],
    ['ERROR', 'an ERROR here', true],
    ['ERROR', 'an error here', false],
    ['ERROR timeout', 'timeout: ERROR', true],
    ['ERROR timeout', 'ERROR', false],
    ['?ERROR ?FATAL', 'FATAL', true],
    ['?ERROR ?FATAL', 'WARN', false],
    ['ERROR -expected', 'ERROR expected', false],
    ['ERROR -expected', 'ERROR', true],
    ['-DEBUG', 'INFO', true],
    ['"status=5"', 'status=503', true],
    ['-"status=5"', 'status=503', false],
    ['%5[0-9]{2}%', 'status=503', true],
    ['%^ERR%', 'an ERROR', false],
    ['{ $.level = "ERROR" }', line, true],
    ['{ $.level != "ERROR" }', line, false],
    ['{ $.level = "ERR*" }', line, true],
    ['{ $.status >= 500 }', line, true],
    ['{ $.status = 5* }', line, true],
    ['{ ($.level = "ERROR") && ($.status < 500) }', line, false],
    ['{ $.level = "WARN" || $.status = 503 }', line, true],
    ['{ $.user.id = 7 }', line, true],
    ['{ $.nope NOT EXISTS }', line, true],
    ['{ $.level = "ERROR" }', 'no JSON', false],
  ])('%j on %j: %j', (pattern, message, matches) => {
    expect(compilePattern(pattern)(message)).toBe(matches)
  })

  test.each(['status=5', 'a "b', '{ level = 1 }', 'ERROR,FATAL'])(
    '%j is refused',
    async (pattern) => {
      const { filter } = await town()
      expect((await failure(filter({ filterPattern: pattern }))).name).toBe(
        'InvalidParameterException',
      )
    },
  )
})

describe('the events of a log group', () => {
  test('are found two seconds after they were put, both ends of the time included', async () => {
    const { clock, put, filter } = await town()
    const now = clock.now()
    await put([now, 'ERROR one'], [now + 1, 'fine'], [now + 2, 'ERROR two'])
    expect((await filter()).events).toEqual([])
    await clock.advance(2_000)
    const range = { startTime: now, endTime: now + 2, filterPattern: 'ERROR' }
    const found = (await filter(range)).events?.map(({ message }) => message)
    expect(found).toEqual(['ERROR one', 'ERROR two'])
    expect((await filter({ ...range, endTime: now + 1 })).events).toHaveLength(1)
  })

  test('come in pages, of which one may be empty and not the last', async () => {
    const { clock, put, filter } = await town()
    const now = clock.now()
    const quiet = Array.from({ length: searchedAtOnce }, (_, n): [number, string] => [
      now + n,
      'fine',
    ])
    await put(...quiet)
    await put([now + searchedAtOnce, 'ERROR'])
    await clock.advance(10_000)
    const first = await filter({ filterPattern: 'ERROR' })
    expect(first).toMatchObject({ events: [], nextToken: String(searchedAtOnce) })
    const second = await filter({ filterPattern: 'ERROR', nextToken: first.nextToken })
    expect(second.events).toHaveLength(1)
    expect(second.nextToken).toBeUndefined()
    const limited = await filter({ limit: 2 })
    expect(limited.events).toHaveLength(2)
    expect((await filter({ limit: 2, nextToken: limited.nextToken })).events?.[0]?.timestamp).toBe(
      now + 2,
    )
  })

  test('must be in order, and neither too old nor too new', async () => {
    const { clock, put } = await town()
    const now = clock.now()
    const disorder = await failure(put([now + 1, 'b'], [now, 'a']))
    expect(disorder.name).toBe('InvalidParameterException')
    const day = 86_400_000
    const answer = await put([now - 15 * day, 'old'], [now, 'good'], [now + day, 'early'])
    expect(answer.rejectedLogEventsInfo).toEqual({
      tooOldLogEventEndIndex: 1,
      tooNewLogEventStartIndex: 2,
    })
  })

  test('have a group and a stream, or an error', async () => {
    const { client, filter } = await town()
    const groups = await client.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: '/ecs' }))
    expect(groups.logGroups?.map(({ logGroupName }) => logGroupName)).toEqual(['/ecs/api'])
    const streams = await client.send(new DescribeLogStreamsCommand({ logGroupName: '/ecs/api' }))
    expect(streams.logStreams?.map(({ logStreamName }) => logStreamName)).toEqual(['one'])
    const again = new CreateLogGroupCommand({ logGroupName: '/ecs/api' })
    expect((await failure(client.send(again))).name).toBe('ResourceAlreadyExistsException')
    await client.send(new DeleteLogGroupCommand({ logGroupName: '/ecs/api' }))
    expect((await failure(filter())).name).toBe('ResourceNotFoundException')
  })
})
