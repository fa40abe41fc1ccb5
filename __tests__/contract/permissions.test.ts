import { describe, expect, test } from '@jest/globals'
import { type JobIdentity, jobClaims } from '../../packages/sandbox/index.ts'
import { readTable, rolePolicy, storeActions } from '../../scripts/permissions.ts'
import { read } from './tree.ts'

/** The parts of docs/permissions.md that are true without a run: who trusts whom, and which statements hold which actions. */
const page = read('docs/permissions.md')
const issuer = 'token.actions.githubusercontent.com:'

interface Trust {
  readonly Statement: readonly {
    readonly Condition: {
      readonly StringEquals: Readonly<Record<string, string | readonly string[]>>
    }
  }[]
}

function trustOf(heading: string): Trust {
  const section = page.split(`### ${heading}\n`)[1] ?? ''
  const [, text = ''] = /```json\n([\s\S]*?)```/.exec(section) ?? []
  return JSON.parse(text)
}

/** Whether a job's token meets every condition of a trust policy. */
function trusts(heading: string, job: Partial<JobIdentity>): boolean {
  const ids = { repositoryId: 456_789, ownerId: 123_456 }
  const claims = {
    aud: 'sts.amazonaws.com',
    ...jobClaims({ repository: 'acme/shop', ...ids, ...job }),
  }
  return trustOf(heading).Statement.every(({ Condition }) =>
    Object.entries(Condition.StringEquals).every(([key, wanted]) =>
      [wanted].flat().includes(String(claims[key.replace(issuer, '') as keyof typeof claims])),
    ),
  )
}

const production = { environment: 'production' }
const pinned = `acme/rollback-actions/.github/workflows/rollback.yml@${'0'.repeat(40)}`
const rollback = { environment: 'production-rollback' }
const immutable = { subject: 'immutable' } as const

describe('a trust policy of the page', () => {
  test.each([
    ['Environments', production, true],
    ['Environments', rollback, true],
    ['Environments', { ...production, event: 'pull_request' }, true],
    ['Environments', { ...production, ...immutable }, false],
    ['Environments', {}, false],
    ['Environments', { ...production, repository: 'mallory/shop' }, false],
    ['Immutable ids', { ...production, ...immutable }, true],
    ['Immutable ids', production, false],
    ['Immutable ids', { ...production, ...immutable, repositoryId: 1 }, false],
    ['A branch', {}, true],
    ['A branch', { ref: 'refs/heads/other' }, false],
    ['A branch', { event: 'pull_request' }, false],
    ['A branch', production, false],
    ['Pull requests', { event: 'pull_request' }, true],
    ['Pull requests', {}, false],
    ['A reusable workflow', { ...rollback, calledWorkflow: pinned }, true],
    [
      'A reusable workflow',
      { ...rollback, calledWorkflow: pinned.replace('rollback.yml', 'preflight.yml') },
      true,
    ],
    ['A reusable workflow', rollback, false],
    ['A reusable workflow', { ...rollback, calledWorkflow: pinned.replace('@0', '@1') }, false],
    ['A reusable workflow', { ...production, calledWorkflow: pinned }, false],
  ] as [string, Partial<JobIdentity>, boolean][])('%s, for %j: %s', (heading, job, trusted) => {
    expect(trusts(heading, job)).toBe(trusted)
  })
})

describe('the statements of an action', () => {
  const block = /<!-- statements -->([\s\S]*?)<!-- \/statements -->/.exec(page)?.[1] ?? ''
  const rows = block
    .split('\n')
    .filter((line) => /^\| `/.test(line))
    .flatMap((row) => {
      const [, action = '', modes = '', cell = ''] = row.split('|')
      const names = [...modes.matchAll(/`([\w-]+)`/g)].map(([, mode]) => mode)
      const sids = [...cell.matchAll(/`([A-Z]\w+)`/g)].map(([, sid = '']) => sid)
      const name = action.replaceAll('`', '').trim()
      return (names.length > 0 ? names : ['']).map((mode) => ({
        who: `${name} ${mode}`.trim(),
        sids,
      }))
    })
  const { Statement } = rolePolicy(page, {})
  const granted = (sids: readonly string[]) =>
    new Set(Statement.filter(({ Sid }) => sids.includes(Sid)).flatMap(({ Action }) => Action))

  test('are told for each action and mode', () => {
    expect(rows.map(({ who }) => who).sort()).toEqual([...readTable(page).keys()].sort())
  })

  test.each(rows)('$who: exist, and grant what it needs', ({ who, sids }) => {
    expect(sids.filter((sid) => !Statement.some(({ Sid }) => Sid === sid))).toEqual([])
    const needs = readTable(page).get(who)
    const have = granted(sids)
    const missing = [...(needs?.always ?? []), ...(needs?.sometimes ?? [])].filter(
      (action) => !have.has(action) && !storeActions.includes(action),
    )
    expect(missing).toEqual([])
  })

  test('are all needed by somebody', () => {
    const used = new Set(['Store', 'StoreBucket', ...rows.flatMap(({ sids }) => sids)])
    expect(Statement.filter(({ Sid }) => !used.has(Sid))).toEqual([])
  })
})
