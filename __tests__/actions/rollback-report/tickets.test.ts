import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { connect } from '#github'
import { type ReportSettings, rollbackReport } from '#rollback'
import { changeRecord, closeRecord, keys, type Record, readRecord, serialize } from '#store'
import { memoryGitHub, type Permissions, virtualClock } from '../../../packages/sandbox/index.ts'
import { clientOf, SHOP } from '../../sandbox/github/hub.ts'
import { recordOf, waiting } from '../../support/record.ts'
import { identity, testRun } from '../../support/run.ts'
import { put, testStore } from '../../support/store.ts'

/** The ticket of a record at GitHub's stand-in: one, up to date, and never in the way. */
const id = 'production/17/rollback-1'
const at = { owner: 'acme', repo: 'shop' }

async function desk(record: Record = waiting()) {
  const clock = virtualClock(Date.parse('2026-11-22T03:10:00Z'))
  const github = memoryGitHub({ clock, people: ['ada'] })
  github.repository(SHOP)
  const store = await testStore(clock)
  await put(store, record)
  const token = (permissions: Permissions) => github.token(SHOP, permissions)
  const hub = (permissions: Permissions = { issues: 'write' }) =>
    connect({
      ...{ token: token(permissions), repository: SHOP, url: github.url },
      // The client's own pauses between its attempts are real time.
      fetch: github.fetch,
    })
  const { rest } = clientOf(github, github.token(SHOP, { issues: 'write' }, { login: 'ada' }))
  const issues = async () =>
    (await rest.issues.listForRepo({ ...at, state: 'all', direction: 'asc' })).data
  const issue = async (number = 1) => (await rest.issues.get({ ...at, issue_number: number })).data
  const comments = async (number = 1) =>
    (await rest.issues.listComments({ ...at, issue_number: number })).data.map(({ body }) => body)
  const notify = async (given: Given = {}) => {
    const run = testRun({
      clock,
      identity: { ...identity, runId: '17', ...given.identity },
      dryRun: given.dryRun ?? false,
    })
    const settings: ReportSettings = {
      mode: 'notify',
      hubEnvironment: 'production',
      notify: {
        ...{ record: id, slack: undefined, teams: undefined },
        ...given.notify,
        ticket: { labels: ['rollback'], assignees: [], template: undefined, ...given.ticket },
      },
    }
    const result = await rollbackReport(run, { store, github: given.hub ?? hub() }, settings)
    return { ...result, lines: run.lines, masked: run.masked, folder: run.folder }
  }
  return { clock, github, store, hub, rest, issues, issue, comments, notify }
}

interface Given {
  readonly notify?: object
  readonly ticket?: object
  readonly hub?: ReturnType<typeof connect>
  readonly identity?: object
  readonly dryRun?: boolean
}

const told = async (store: Parameters<typeof readRecord>[0]) => (await readRecord(store, id))?.told
const end = {
  outcome: 'done' as const,
  ...{ closedAt: '2026-11-22T03:20:00Z', closedBy: 'ada', closedWhy: 'healthy' },
}

describe('one ticket for one record', () => {
  test('is made once over three runs, kept in the record, and told of its end', async () => {
    const { notify, store, issues, issue, comments } = await desk()
    const first = await notify()
    expect(first).toMatchObject({ outcome: 'done', outputs: { record: id, ticket: '1' } })
    expect((await issue()).labels.map((one) => Object(one).name)).toEqual(['rollback'])
    expect(await told(store)).toEqual({ ticket: 1 })
    const second = await notify({ identity: { runId: '18' } })
    expect(second.headline).toContain('told to GitHub')
    expect(await comments()).toEqual([])
    await closeRecord(store, id, end)
    const third = await notify({ identity: { runId: '19' } })
    expect(third.outputs?.ticket).toBe('1')
    expect((await issues()).map(({ number }) => number)).toEqual([1])
    const [comment, ...more] = await comments()
    expect(comment).toMatch(/It was: open partial\./)
    expect(more).toEqual([])
    expect((await issue()).body).toContain('closed by ada: healthy')
    await notify()
    expect(await comments()).toHaveLength(1)
  })

  test('is kept beside what else was told', async () => {
    const { notify, store } = await desk(waiting({ told: { deployment: 7, failed: 6 } }))
    await notify()
    expect(await told(store)).toEqual({ deployment: 7, failed: 6, ticket: 1 })
  })

  test('keeps what a person wrote', async () => {
    const { notify, store, issue, rest } = await desk()
    await notify()
    const { body } = await issue()
    const written = String(body)
      .replace('## What went well\n\n-', '## What went well\n\n- The alarm rang in a minute')
      .replace('found by the checks of verify-health', 'found by Ada')
    await rest.issues.update({ ...at, issue_number: 1, body: written })
    await closeRecord(store, id, end)
    await notify()
    const { body: now } = await issue()
    expect(now).toContain('- The alarm rang in a minute')
    expect(now).toContain('found by Ada')
    expect(now).toContain('is back at')
  })

  test('is found again when the run that made it was killed before it kept the number', async () => {
    const { notify, store, issues } = await desk()
    await notify()
    await changeRecord(store, id, ({ told: _, ...record }) => record)
    expect((await notify()).outputs?.ticket).toBe('1')
    expect(await told(store)).toEqual({ ticket: 1 })
    expect(await issues()).toHaveLength(1)
  })

  test('is found again after somebody took its label off', async () => {
    const { notify, rest, issues } = await desk()
    await notify()
    await rest.issues.update({ ...at, issue_number: 1, labels: [] })
    await notify()
    expect(await issues()).toHaveLength(1)
  })

  test('is not opened again when a person closed it', async () => {
    const { notify, rest, issue, store, comments } = await desk()
    await notify()
    await rest.issues.update({ ...at, issue_number: 1, state: 'closed' })
    await closeRecord(store, id, end)
    await notify()
    expect((await issue()).state).toBe('closed')
    expect(await comments()).toHaveLength(1)
  })

  test('stays one when two runs make it at once', async () => {
    const { notify, store, issues } = await desk()
    const both = await Promise.all([notify(), notify({ identity: { runId: '18' } })])
    const numbers = both.map(({ outputs }) => outputs?.ticket)
    expect(new Set(numbers).size).toBe(1)
    const open = (await issues()).filter(({ state }) => state === 'open')
    expect(open.map(({ number }) => String(number))).toEqual([numbers[0]])
    expect(await told(store)).toEqual({ ticket: Number(numbers[0]) })
  })

  test('stays one when GitHub made it and its answer got lost', async () => {
    const { notify, github, issues } = await desk()
    github.faults.set([{ effect: 'applied-answer-lost', operation: 'issues/create', nth: 1 }])
    const { outcome, outputs } = await notify()
    expect([outcome, outputs?.ticket]).toEqual(['done', '1'])
    expect((await issues()).map(({ state }) => state)).toEqual(['open', 'closed'])
  }, 60_000)

  test('has a record of its own: the second rollback of a deployment gets another', async () => {
    const { notify, store, issues } = await desk()
    await notify()
    await put(store, { ...waiting(), id: 'production/17/rollback-11' })
    await notify({ notify: { record: 'production/17/rollback-11' } })
    expect(await issues()).toHaveLength(2)
  })

  test('is somebody else’s issue only by its mark and label, not a text without the label', async () => {
    const { notify, rest } = await desk()
    const body = `<!-- rollback-actions:record ${id} -->`
    await rest.issues.create({ ...at, title: 'Mine', body })
    expect((await notify()).outputs?.ticket).toBe('2')
  })

  test('goes to nobody when the one who should have it cannot', async () => {
    const { notify, github, issue } = await desk()
    const unassignable = (async (input, init) =>
      String(init?.body).includes('nobody-there')
        ? Response.json({ message: 'Validation Failed' }, { status: 422 })
        : github.fetch(input, init)) as typeof fetch
    const token = github.token(SHOP, { issues: 'write' })
    const hub = connect({ token, repository: SHOP, url: github.url, fetch: unassignable })
    const { lines, outcome } = await notify({ hub, ticket: { assignees: ['nobody-there'] } })
    expect(outcome).toBe('done')
    expect(lines.join('\n')).toContain('warning: the ticket could not be assigned to nobody-there')
    expect((await issue()).assignees).toEqual([])
  }, 60_000)
})

describe('who cannot be told changes nothing', () => {
  test.each([
    ['GitHub answers 500', { effect: 'error500' }, /GitHub: .*500/],
    ['GitHub is down', { effect: 'reset' }, /GitHub: .*500|NoAnswer/],
    ['the token may not', { effect: 'denied' }, /grant the job permissions: issues: (read|write)/],
    ['the token has ended', { effect: 'expired' }, /401/],
    ['GitHub wants to be left alone', { effect: 'throttle', retryAfterSeconds: 0 }, /403/],
  ] as const)(
    '%s',
    async (_name, fault, said) => {
      const { notify, github, store } = await desk()
      const before = serialize((await readRecord(store, id)) ?? {})
      github.faults.set([{ ...fault }])
      const result = await notify()
      expect(result.outcome).toBe('done')
      expect([result.headline, ...(result.next ?? [])].join('\n')).toMatch(said)
      expect(result.headline).toContain('told to nobody; not delivered')
      expect(result.lines.join('\n')).toContain(`warning: GitHub was not told of ${id}`)
      expect(store.objects.content.get(keys.document(id))?.text).toBe(before)
    },
    30_000,
  )

  test('the job has no permission for issues: it says which', async () => {
    const { notify, hub } = await desk()
    const { outcome, next } = await notify({ hub: hub({ issues: 'read' }) })
    expect([outcome, next]).toEqual(['done', ['GitHub: grant the job permissions: issues: write']])
  })

  test('issues are switched off', async () => {
    const { notify } = await desk()
    const gone = (async () =>
      new Response(JSON.stringify({ message: 'Issues has been disabled in this repository.' }), {
        status: 410,
        headers: { 'content-type': 'application/json' },
      })) as typeof fetch
    const hub = connect({ token: 't', repository: SHOP, url: undefined, fetch: gone })
    const { outcome, next } = await notify({ hub })
    expect(outcome).toBe('done')
    expect(next?.[0]).toContain('switch issues on')
  })

  test('a ticket that was deleted is made anew', async () => {
    const { notify, store } = await desk(waiting({ told: { ticket: 99 } }))
    expect((await notify()).outputs?.ticket).toBe('1')
    expect(await told(store)).toEqual({ ticket: 1 })
  })

  test('the record cannot be written: the ticket is there all the same, once', async () => {
    const { notify, store, issues } = await desk()
    store.objects.fault = (call) => {
      if (call === 'replace') throw new Error('503 SlowDown')
    }
    expect((await notify()).outputs?.ticket).toBe('1')
    expect((await notify()).lines.join('\n')).toContain('the record does not keep the number')
    expect(await issues()).toHaveLength(1)
  })
})

describe('which record', () => {
  const bare = { notify: { record: undefined } }

  test('the open one, when none is named', async () => {
    const { notify, store } = await desk()
    await put(store, recordOf({ id: 'production/20/rollback-1', openedAt: '2026-11-22T04:00:00Z' }))
    await store.objects.create(
      keys.environment('production'),
      serialize({
        kind: 'environment',
        version: 1,
        environment: 'production',
        account: store.account,
        region: store.region,
        open: id,
      }),
    )
    expect((await notify(bare)).outputs?.record).toBe(id)
  })

  test('else that of this run, else the newest', async () => {
    const { notify, store } = await desk(recordOf())
    const newer = { id: 'production/20/rollback-1', openedAt: '2026-11-22T04:00:00Z' }
    await put(store, recordOf({ ...newer, runs: [] }))
    expect((await notify(bare)).outputs?.record).toBe(id)
    const other = { ...bare, identity: { runId: '99' } }
    expect((await notify(other)).outputs?.record).toBe('production/20/rollback-1')
  })

  test('none: there is nothing to tell', async () => {
    const { notify, store, issues } = await desk()
    store.objects.content.clear()
    expect((await notify(bare)).outcome).toBe('unchanged')
    expect(await issues()).toEqual([])
  })

  test('one that is not there is a wrong input', async () => {
    const { notify } = await desk()
    const absent = notify({ notify: { record: 'production/1/rollback-1' } })
    await expect(absent).rejects.toThrow('there is no record production/1/rollback-1')
  })
})

describe('a template of the team', () => {
  test('is used', async () => {
    const { notify, issue } = await desk()
    const folder = testRun().folder
    const template = join(folder, 'post-mortem.md')
    writeFileSync(template, '# Ours\n\n{{timeline}}\n')
    await notify({ ticket: { template } })
    expect((await issue()).body).toContain('# Ours')
    expect(readFileSync(template, 'utf8')).toContain('{{timeline}}')
  })

  test('that is not there is a wrong input, found before anything is sent', async () => {
    const { notify, issues } = await desk()
    await expect(notify({ ticket: { template: 'no/such.md' } })).rejects.toThrow(
      'template: no/such.md cannot be read (ENOENT)',
    )
    expect(await issues()).toEqual([])
  })
})

test('a dry run shows what would be told, and tells nobody', async () => {
  const { notify, issues, store } = await desk()
  const hook = 'https://hooks.example/services/q1w2e3r4t5y6u7i8o9p0'
  const { outcome, headline, sections } = await notify({ dryRun: true, notify: { slack: hook } })
  expect(outcome).toBe('planned')
  expect(headline).toContain('would be told to GitHub, Slack (hooks.example)')
  expect(JSON.stringify(sections)).not.toContain('q1w2e3r4t5y6')
  expect([await issues(), await told(store)]).toEqual([[], undefined])
})
