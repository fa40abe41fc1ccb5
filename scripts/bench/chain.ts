// A whole rollback, in the real workflow file under act: release 3 is deployed, judged unhealthy and taken back.
import { type RunResult, runWorkflow, type SuiteCopy } from '../../packages/sandbox/act/index.ts'
import type { Sandbox } from '../../packages/sandbox/index.ts'
import type { Sample } from '../../packages/sandbox/sample/index.ts'
import { byOperation, byService, byStep, type Counted } from './calls.ts'
import { milliseconds, table } from './table.ts'

/** What is told of a rollback. */
export interface ChainSeen {
  readonly run: RunResult
  readonly perStep: readonly { readonly name: string; readonly calls: readonly Counted[] }[]
  /** Real milliseconds from the end of `verify-health` and from the start of `ecs-rollback` to the first UpdateService. */
  readonly fromVerdict: number
  readonly fromStart: number
}

/** Deploys release 3 on release 2 and watches it go back. Throws when it did not. */
export async function rollBackReleaseThree(
  sandbox: Sandbox,
  sample: Sample,
  suite: SuiteCopy,
): Promise<ChainSeen> {
  const { folder } = sample.repository
  const commit = await sample.repository.release(3, [2])
  const before = sandbox.calls.list().at(-1)?.n ?? 0
  const workflow = '.github/workflows/deploy.yml'
  const { env } = sandbox
  const run = await runWorkflow({ repository: folder, commit, workflow, suite, env, event: 'push' })
  const close = run.steps.find(({ id }) => id === 'close')
  if (close?.outputs.outcome !== 'done')
    throw new Error(`The rollback of release 3 ended ${close?.outputs.outcome}:\n${run.log}`)
  const begins = run.events.filter((event) => event.is === 'step-begins')
  const calls = byStep(sandbox.calls.list({ after: before }), begins)
  const own = begins.filter(({ job, step }) => job === 'rollback' && step !== '0')
  const code = begins.find(({ job, step }) => job === 'rollback' && step === 'code')
  const first = code && calls.get(code)?.find(({ operation }) => operation === 'UpdateService')
  const verdict = run.events.find((event) => event.is === 'step-ends' && event.step === 'health')
  if (!code || !first || !verdict) throw new Error('The rollback of release 3 updated no service.')
  return {
    run,
    perStep: own.map((step) => ({ name: step.name, calls: calls.get(step) ?? [] })),
    fromVerdict: Date.parse(first.at) - verdict.at,
    fromStart: Date.parse(first.at) - code.at,
  }
}

/** The calls of the rollback job by step, then by service and operation. */
export function chainTables({ perStep, fromVerdict, fromStart }: ChainSeen): string {
  const all = perStep.flatMap(({ calls }) => calls)
  const counts = (calls: readonly Counted[]) => [
    String(calls.length),
    String(calls.filter(({ mutating }) => mutating).length),
  ]
  const steps = perStep.map(({ name, calls }) => [name, ...counts(calls)])
  const services = byService(all).map(({ service, calls, mutating }) => {
    const operations = byOperation(all.filter((call) => call.service === service))
    const named = operations.map(([name, count]) => `${name.split(':')[1]} ${count}`)
    return [service, String(calls), String(mutating), `  ${named.join(', ')}`]
  })
  return [
    table(['step of the rollback job', 'calls', 'changing'], [...steps, ['all', ...counts(all)]]),
    '',
    ...services.map((cells) => `${cells[0]}: ${cells[1]} calls, ${cells[2]} changing:${cells[3]}`),
    '',
    `from the verdict to the first UpdateService: ${milliseconds(fromVerdict)} ms (all steps between)`,
    `from the start of ecs-rollback: ${milliseconds(fromStart)} ms`,
  ].join('\n')
}
