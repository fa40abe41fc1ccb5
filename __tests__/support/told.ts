import type { Record } from '#store'
import { type Facts, factsOf } from '../../packages/rollback/notify/facts.ts'
import { seededRandom } from '../../packages/sandbox/index.ts'
import { recordOf, waiting } from './record.ts'
import { identity } from './run.ts'

/** The facts of a record whose destination nobody can read. */
export const factsOfRecord = (record: Record, next: readonly string[] = []): Facts =>
  factsOf(record, { destination: undefined, next, identity })

/** Texts that somebody would write who wants to break, hide, call or run something. */
export const hostileTexts: readonly string[] = [
  '<!channel> <@U012AB3CD> <!subteam^S1> <https://evil.example|ok>',
  '@acme/owners @channel #12 acme/other#3 GH-4',
  '[click](javascript:alert(1)) ![x](http://evil.example/a.png) <img src=x onerror=alert(1)>',
  '| --- | `code` **bold** _it_ ~~no~~ > quote\n# title\n- [ ] todo',
  '<!-- /rollback-actions:timeline --> <!-- rollback-actions:told closed done -->',
  '{{timeline}} {{DATE(2026-01-01T00:00:00Z)}} ${{ secrets.X }} @{body()}',
  '```\n::add-mask::x\n##[error]y',
  '\u202Egnp.exe \u2066\u2067\u200f مرحبا بالعالم שלום',
  '👩‍👩‍👧‍👦'.repeat(50),
  `\ud83d half \udc00 ${'z̷̢̛'.repeat(40)}`,
  'postgres://app:s3cretOfTheDatabase@db:5432/shop',
  '\u0000\u001b[31m\u0085\u2028',
  'x'.repeat(5000),
  '&'.repeat(3000),
  '',
]

/** Records that anybody may have written, always the same for a seed: long, empty, hostile. */
export function anyRecord(seed: number): Record {
  const random = seededRandom(seed)
  const below = (count: number) => Math.floor(random() * count)
  const any = <T>(some: readonly T[]): T => some[below(some.length)] as T
  const text = () => any(hostileTexts) + any(hostileTexts)
  const at = () => `2026-11-22T03:${10 + below(50)}:${10 + below(50)}Z`
  const size = any([0, 1, 3, 40, 600])
  const many = <T>(count: number, one: (n: number) => T) =>
    Array.from({ length: count }, (_, n) => one(n))
  const { parts: _, ...base } = any([recordOf, waiting])()
  return {
    ...base,
    ...{ reason: text(), actor: text(), planId: text(), from: any([base.from, text()]) },
    ...{
      to: any([base.to, text()]),
      undone: any([base.undone, text()]),
      repository: any([base.repository, text()]),
    },
    ...(base.closedAt && { closedWhy: text(), closedBy: text() }),
    consent: any(['missing', 'given', 'not-needed', 'never', 'automatic']),
    trigger: any(['verdict', 'no-verdict', 'button']),
    journal: many(size, (n) => ({
      at: at(),
      run: '17',
      component: 'ecs',
      operation: any(['update', text()]),
      on: `${text()}${n}`,
    })),
    parts: Object.fromEntries(
      many(any([0, 2, 200]), (n) => [
        `${any(['ecs-rollback rollback', text()])}${n}`,
        { outcome: any(['done', 'failed', 'partial']), headline: text(), at: at(), run: '17' },
      ]),
    ),
    runs: many(any([1, 30]), (n) => ({
      run: any([String(n), text()]),
      attempt: 1,
      at: at(),
      url: any([
        `https://github.com/acme/shop/actions/runs/${n}`,
        `https://evil.example/${text()}`,
        'javascript:alert(1)',
      ]),
    })),
    impact: { rowsLost: many(size, (n) => ({ table: `${text()}${n}`, rows: n })) },
    verdict: { verdict: any(['healthy', 'unhealthy', 'error']), why: text(), at: at(), run: '17' },
  } as Record
}
