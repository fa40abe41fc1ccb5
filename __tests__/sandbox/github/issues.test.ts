import { describe, expect, test } from '@jest/globals'
import { parseSearch } from '../../../packages/sandbox/github/search.ts'
import { hub, refused, SHOP } from './hub.ts'

const MARKER = '<!-- rollback-actions:record production/17/rollback-1 -->'

describe('one issue for one record', () => {
  test('is found by label and marker at once, by search half a minute later', async () => {
    const { client, clock, at } = hub()
    const body = `Rolled back.\n${MARKER}`
    await client.rest.issues.create({ ...at, title: 'Rolled back', body, labels: ['rollback'] })
    const labelled = () => client.rest.issues.listForRepo({ ...at, labels: 'rollback' })
    const q = `repo:${SHOP} is:issue is:open in:body "record production/17/rollback-1"`
    const searched = () => client.rest.search.issuesAndPullRequests({ q })
    expect((await labelled()).data.filter((one) => one.body?.includes(MARKER))).toHaveLength(1)
    expect((await searched()).data.total_count).toBe(0)
    await clock.advance(31_000)
    expect((await searched()).data.total_count).toBe(1)
    await client.rest.issues.update({ ...at, issue_number: 1, state: 'closed' })
    expect((await searched()).data.total_count).toBe(1)
    expect((await labelled()).data).toEqual([])
    await clock.advance(31_000)
    expect((await searched()).data.total_count).toBe(0)
  })

  test('closes and opens again, with who and why', async () => {
    const { client, at } = hub()
    const { data } = await client.rest.issues.create({ ...at, title: 'Rolled back' })
    const issue = { ...at, issue_number: data.number }
    const closed = await client.rest.issues.update({ ...issue, state: 'closed' })
    expect(closed.data).toMatchObject({
      state: 'closed',
      state_reason: 'completed',
      closed_by: { login: 'github-actions[bot]' },
    })
    const opened = await client.rest.issues.update({ ...issue, state: 'open' })
    expect(opened.data).toMatchObject({ state: 'open', state_reason: 'reopened', closed_at: null })
  })

  test('keeps comments in order, changed by their number', async () => {
    const { client, at } = hub()
    const { data } = await client.rest.issues.create({ ...at, title: 'Rolled back' })
    const issue = { ...at, issue_number: data.number }
    for (const body of ['one', 'two', 'three'])
      await client.rest.issues.createComment({ ...issue, body })
    const { data: comments } = await client.rest.issues.listComments(issue)
    const second = { ...at, comment_id: comments[1]?.id ?? 0 }
    await client.rest.issues.updateComment({ ...second, body: 'two, changed' })
    const bodies = (await client.rest.issues.listComments(issue)).data.map(({ body }) => body)
    expect(bodies).toEqual(['one', 'two, changed', 'three'])
    expect((await client.rest.issues.get(issue)).data.comments).toBe(3)
  })

  test('lists what has every label, in the state and order asked for', async () => {
    const { client, clock, at } = hub()
    for (const [title, labels] of [
      ['a', ['rollback', 'Production']],
      ['b', ['rollback']],
      ['c', ['production', 'ROLLBACK']],
    ] as const) {
      await client.rest.issues.create({ ...at, title, labels: [...labels] })
      await clock.advance(1_000)
    }
    const titles = async (more: object) =>
      (await client.rest.issues.listForRepo({ ...at, ...more })).data.map(({ title }) => title)
    expect(await titles({ labels: 'rollback,production' })).toEqual(['c', 'a'])
    await client.rest.issues.update({ ...at, issue_number: 1, state: 'closed' })
    expect(await titles({ labels: 'rollback,production' })).toEqual(['c'])
    expect(await titles({ state: 'all', direction: 'asc' })).toEqual(['a', 'b', 'c'])
    expect(await titles({ state: 'all', sort: 'updated' })).toEqual(['a', 'c', 'b'])
  })
})

describe('what an issue is refused for', () => {
  const rows: [string, { title: string; body?: string }, object][] = [
    ['no title', { title: ' ' }, { code: 'missing_field', field: 'title' }],
    [
      'a title of 257 characters',
      { title: 'x'.repeat(257) },
      { message: 'title is too long (maximum is 256 characters)' },
    ],
    [
      'a body that is too long',
      { title: 'x', body: 'x'.repeat(65_537) },
      { message: 'body is too long (maximum is 65536 characters)' },
    ],
  ]
  test.each(rows)('%s', async (_what, given, mistake) => {
    const { client, at } = hub()
    const { status, message, errors } = await refused(
      client.rest.issues.create({ ...at, ...given }),
    )
    expect([status, message]).toEqual([422, 'Validation Failed'])
    expect(errors).toEqual([expect.objectContaining({ resource: 'Issue', ...mistake })])
    expect((await client.rest.issues.listForRepo(at)).data).toEqual([])
  })

  test('a comment on nothing, and an empty one', async () => {
    const { client, at } = hub()
    const comment = (issue_number: number, body: string) =>
      refused(client.rest.issues.createComment({ ...at, issue_number, body }))
    expect((await comment(99, 'x')).status).toBe(404)
    await client.rest.issues.create({ ...at, title: 'x' })
    expect((await comment(1, ' ')).errors).toEqual([
      { resource: 'IssueComment', code: 'missing_field', field: 'body' },
    ])
  })
})

describe('search', () => {
  test('reads words, phrases and qualifiers', () => {
    expect(parseSearch('repo:acme/shop -label:"bad one" is:open "two words" Plain')).toEqual({
      words: ['two words', 'plain'],
      qualifiers: [
        { name: 'repo', value: 'acme/shop', not: false },
        { name: 'label', value: 'bad one', not: true },
        { name: 'is', value: 'open', not: false },
      ],
    })
  })

  test('does not tell of repositories that the token may not read', async () => {
    const { github, client, clock } = hub()
    github.repository('acme/secret')
    await clock.advance(31_000)
    const search = client.rest.search.issuesAndPullRequests({ q: 'repo:acme/secret x' })
    expect((await refused(search)).status).toBe(422)
  })
})
