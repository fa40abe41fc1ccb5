import { type OnCut, type Report, type Result, systemClock } from '#core'
import { connect } from '#github'
import type { Spec } from '#inputs'
import { act, type Definition, resultOf } from './act.ts'
import { login } from './credentials.ts'
import { cut } from './cut.ts'
import { conclude, identity, logReport, reportFolder, variable } from './runner.ts'
import { secrets } from './secrets.ts'
import { input } from './settings.ts'

/** Runs an action from reading its inputs to its exit code. Never throws. */
export async function action<S extends Spec, Settings>(
  definition: Definition<S, Settings>,
): Promise<void> {
  const hidden = secrets()
  const { report, last } = remembering(logReport(hidden))
  const left = new Set<() => Promise<void>>()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      conclude(definition.name, cut(signal, last(), definition.goesOn), hidden)
      if (left.size === 0) process.exit(1)
      const works = Promise.allSettled([...left].map((work) => work()))
      void Promise.race([works, systemClock.sleep(grace)]).then(() => process.exit(1))
    })
  }
  const onCut: OnCut = (work) => {
    left.add(work)
    return () => void left.delete(work)
  }
  const result = await inRunner(definition, report, onCut).catch(resultOf)
  const outputs = { ...definition.fallback, ...result.outputs }
  conclude(definition.name, { ...result, outputs }, hidden)
}

/** The runner kills an action seven and a half seconds after SIGINT. */
const grace = 4000

/** A report that knows its last line. */
function remembering(report: Report): { readonly report: Report; readonly last: () => string } {
  let last = 'it had just begun'
  const info = (line: string) => {
    last = line
    report.info(line)
  }
  return { report: { ...report, info }, last: () => last }
}

/** Runs it in this process's runner, in real time. */
const inRunner = async <S extends Spec, Settings>(
  definition: Definition<S, Settings>,
  report: Report,
  onCut: OnCut,
): Promise<Result> =>
  act(definition, {
    clock: systemClock,
    report,
    onCut,
    identity: identity(),
    folder: reportFolder(),
    variables: process.env,
    input,
    login,
    hub: (token) =>
      connect({ token, repository: identity().repository, url: variable('GITHUB_API_URL') }),
  })
