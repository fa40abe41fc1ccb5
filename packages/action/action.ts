import { type Report, type Result, systemClock } from '#core'
import { connect } from '#github'
import type { Spec } from '#inputs'
import { act, type Definition, resultOf } from './act.ts'
import { login } from './credentials.ts'
import { conclude, identity, logReport, reportFolder, variable } from './runner.ts'
import { secrets } from './secrets.ts'
import { input } from './settings.ts'

/** Runs an action from reading its inputs to its exit code. Never throws. */
export async function action<S extends Spec, Settings>(
  definition: Definition<S, Settings>,
): Promise<void> {
  const hidden = secrets()
  const report = logReport(hidden)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      report.warning(
        `${definition.name}: ended by ${signal}; what was sent is written down, a repeated run continues`,
      )
      process.exit(1)
    })
  }
  const result = await inRunner(definition, report).catch(resultOf)
  const outputs = { ...definition.fallback, ...result.outputs }
  conclude(definition.name, { ...result, outputs }, hidden)
}

/** Runs it in this process's runner, in real time. */
const inRunner = async <S extends Spec, Settings>(
  definition: Definition<S, Settings>,
  report: Report,
): Promise<Result> =>
  act(definition, {
    clock: systemClock,
    report,
    identity: identity(),
    folder: reportFolder(),
    variables: process.env,
    input,
    login,
    hub: (token) =>
      connect({ token, repository: identity().repository, url: variable('GITHUB_API_URL') }),
  })
