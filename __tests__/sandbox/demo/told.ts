import type { RunEvent, RunResult } from '../../../packages/sandbox/act/index.ts'
import { balanceOf, type Evidence } from '../../../packages/sandbox/demo/balance.ts'
import type { Fact } from '../../../packages/sandbox/demo/facts.ts'
import type { ToldStory } from '../../../packages/sandbox/demo/page.ts'
import type { FileSeen, Outside } from '../../../packages/sandbox/sample/index.ts'

/** A story of a page's size and shape, told by somebody who means harm: every text that a release could bring along is an attack. */

export const hostile =
  '"><script>document.title = "taken"</script><img src=x onerror="document.title = \'taken\'"> \' & \u0000 \u202e </style></title> [x](javascript:alert(1)) ' +
  'w'.repeat(400)

const beginning = Date.parse('2026-11-26T03:00:00Z')
const at = (seconds: number) => beginning + seconds * 1000
const commit = hostile

const file = (path: string): FileSeen => ({
  ...{ path, status: 200, type: 'text/html', cacheControl: '', bytes: 10, sha256: hostile },
})
const services = ['api', hostile].map((name) => ({
  ...{ name, taskDefinition: hostile, desired: 2, running: 2, deployments: 1, digests: [hostile] },
}))
const before: Outside = {
  doors: [{ status: 200, release: hostile, commit }],
  services,
  database: {
    ...{ instance: hostile, settings: { [hostile]: hostile }, applied: [hostile], triggers: 2 },
    refs: new Set(['a', 'b']),
  },
  site: {
    ...{ release: hostile, commit, files: [file('/')], version: { status: 200 } },
    api: { status: 200 },
  },
  configuration: { [hostile]: { version: hostile, mark: 'm' } },
}

const suite = (name: string) => `acme/rollback-actions/actions/${name}@5afe`
const steps = [
  { job: 'deploy', id: '1', name: suite('restore-point'), from: 1, to: 2 },
  { job: 'deploy', id: '2', name: suite('rds-snapshot-guard'), from: 2, to: 4 },
  { job: 'deploy', id: '3', name: './scripts/migrate', from: 4, to: 4.3 },
  { job: 'deploy', id: hostile, name: hostile, from: 4.3, to: 5 },
  { job: 'deploy', id: 'health', name: suite('verify-health'), from: 5, to: 7 },
  { job: 'rollback', id: 'open', name: 'Open the record', from: 8, to: 8.2 },
  { job: 'rollback', id: 'stop', name: 'Stop writers', from: 8.3, to: 8.4 },
  { job: 'rollback', id: 'code', name: 'Put the services back', from: 8.5, to: 12 },
  { job: 'rollback', id: 'close', name: 'Close', from: 17, to: 18 },
]

const gantt = `\`\`\`mermaid
gantt
title ${hostile}
dateFormat ss
section ${hostile}
${hostile.replaceAll(':', '')} :crit, a, 01, 03
b :done, milestone, after a, 0s
\`\`\`
\`\`\`mermaid
${hostile}
\`\`\``

const summary = `## ✅ name: done\n\n${hostile} ▁▁█▄▁\n\n### ${hostile}\n\n| ${hostile} | b |\n| --- | --- |\n| ${hostile} | ❌ |\n\n${gantt}\n\n\`\`\`text\n${hostile}\n\`\`\`\n`

const run = (runId: string, ok: boolean): RunResult => ({
  ...{ ok, runId, killed: false, attempt: 1, took: 1, log: '', output: '' },
  jobs: { deploy: ok ? 'success' : 'failure', rollback: 'success', [hostile]: 'failure' },
  steps: [
    ...steps.map(({ job, id, name }) => ({
      ...{ job, id, name, outcome: 'success' as const, outputs: { outcome: hostile }, summary },
    })),
    { job: hostile, id: '0', name: hostile, outcome: 'failure', outputs: {}, summary: '' },
  ],
  events: steps.flatMap(({ job, id: step, name, from, to }): readonly RunEvent[] => [
    { at: at(from), job, is: 'step-begins', step, name },
    ...(step === 'health'
      ? [{ at: at(to), job, is: 'output', step, name: 'verdict', value: 'unhealthy' } as const]
      : []),
    { at: at(to), job, is: 'step-ends', step, name, outcome: 'success' },
  ]),
})

/** Requests of 22 s: release 2 answers, then 11 badly, then nobody, then 2 again. */
const requests = Array.from({ length: 440 }, (_, index) => {
  const second = index / 20
  const [ok, release] =
    second < 4.5 ? [true, '2'] : second < 9 ? [false, '11'] : [second >= 12, second < 12 ? '' : '2']
  return { at: at(second), ok, ...(release !== '' && { release }) }
})
const failed = requests.filter((one) => !one.ok)

const evidence: Evidence = {
  ...{ beginning, span: { from: at(0), to: at(22) }, before, after: before },
  chapter: { release: 11, on: [2], why: hostile, data: 'kept', everything: true },
  glimpse: { doors: [{ status: 500, commit }] },
  traffic: {
    ...{ ok: requests.length - failed.length, failed: failed.length, seconds: [], releases: [] },
    ...{ firstFailure: at(4.5), lastFailure: at(11.95) },
    acknowledged: [
      { ref: 'a', at: at(1) },
      { ref: 'b', at: at(12) },
    ],
  },
  ...{ good: run('1', true), bad: run('2', false), databases: { [hostile]: 'available' } },
}

const facts: readonly Fact[] = [
  { at: at(0), who: 'story', tone: 'plain', text: hostile },
  ...['a', 'b', hostile].map(
    (text): Fact => ({ at: at(3), who: 'aws', tone: 'plain', text: `ECS: ${text}` }),
  ),
  { at: at(4.5), who: 'customers', tone: 'bad', text: hostile },
  ...steps.map(
    ({ job, id, to }): Fact => ({
      ...{ at: at(to), who: 'workflow', tone: 'good', text: hostile },
      step: { runId: '2', job, step: id },
    }),
  ),
]

/** The marks of the chapter's chart, in order. */
export const marks = [
  ...['restore point', 'snapshot', 'deploy begins', 'first failure', 'verdict: unhealthy'],
  ...['rollback opens', 'writers stopped', 'code back', 'everybody is served again'],
  'record closed',
]

export const story: ToldStory = {
  ...{ beginning, requests, facts, scale: 60, commits: { [commit]: hostile } },
  deployed: [
    {
      ...{ id: 1, environment: hostile, task: hostile, sha: commit, description: hostile },
      statuses: [{ state: 'failure', description: hostile, at: at(20) }],
    },
  ],
  visits: requests.filter((_, index) => index % 10 === 0),
  chapters: [{ title: hostile, evidence, balance: balanceOf(evidence) }],
  runs: [
    { title: hostile, run: evidence.good },
    { title: hostile, run: evidence.bad },
  ],
}
