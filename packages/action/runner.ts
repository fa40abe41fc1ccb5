import { randomUUID } from 'node:crypto'
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { error, setOutput } from '@actions/core'
import { type Identity, type Json, oneLine, passes, type Report, type Result } from '#core'
import { type Secrets, withoutSecrets } from './secrets.ts'
import { linesOf, summaryOf } from './summary.ts'

/** The runner, seen through the variables it sets: the only file that reads them beside `secrets.ts`. */

/** An environment variable; empty and absent are the same. */
export function variable(name: string): string | undefined {
  const value = process.env[name]
  return value === undefined || value === '' ? undefined : value
}

/** Which run of which workflow this is; on a laptop a run called `local`. */
export function identity(): Identity {
  const repository = variable('GITHUB_REPOSITORY') ?? 'local/local'
  const runId = variable('GITHUB_RUN_ID') ?? 'local'
  const server = variable('GITHUB_SERVER_URL')
  return {
    repository,
    runId,
    attempt: Number(variable('GITHUB_RUN_ATTEMPT') ?? '1'),
    sha: variable('GITHUB_SHA') ?? '',
    actor: variable('GITHUB_ACTOR') ?? variable('USER') ?? 'unknown',
    runUrl: server && runId !== 'local' ? `${server}/${repository}/actions/runs/${runId}` : '',
  }
}

/** The log of a job: one line per fact, nothing in it can be a workflow command, no secret passes. */
export function logReport(secrets: Secrets): Report {
  const write = (line: string) => process.stdout.write(`${oneLine(secrets.scrub(line))}\n`)
  return {
    info: write,
    warning: (line) => write(`Warning: ${line}`),
    mask: (secret) => secrets.add(secret),
  }
}

/** Writes log, report file, outputs, summary and exit code, in this order: outputs are set before the job fails. */
export function conclude(title: string, ended: Result, secrets: Secrets): void {
  const result = withoutSecrets(ended, secrets)
  const report = logReport(secrets)
  for (const line of linesOf(result)) process.stdout.write(`${secrets.scrub(indented(line))}\n`)
  report.info(`${title}: ${result.outcome}: ${result.headline}`)
  const file = writeReport(title, result, secrets)
  for (const [name, value] of Object.entries({
    ...result.outputs,
    outcome: result.outcome,
    report: file,
  })) {
    setOutput(name, secrets.scrub(value))
  }
  const summary = variable('GITHUB_STEP_SUMMARY')
  if (summary) appendFileSync(summary, secrets.scrub(summaryOf(title, result)))
  if (passes(result.outcome)) return
  error(oneLine(secrets.scrub([result.headline, ...(result.next ?? [])].join(' — '))), {
    title: oneLine(`${title}: ${result.outcome}`),
  })
  process.exitCode = 1
}

/** Keeps the indentation of a table row, which `oneLine` would trim. */
function indented(line: string): string {
  const indent = line.match(/^ */)?.[0] ?? ''
  return indent + oneLine(line)
}

/** Where files that outlive the step go: the runner clears it after the job. */
export function reportFolder(): string {
  const folder = join(variable('RUNNER_TEMP') ?? tmpdir(), 'rollback-actions')
  mkdirSync(folder, { recursive: true })
  return folder
}

function writeReport(title: string, result: Result, secrets: Secrets): string {
  const file = join(
    reportFolder(),
    `${title.replace(/[^\w-]+/g, '-')}-${randomUUID().slice(0, 8)}.json`,
  )
  const { outcome, headline, next = [], sections = [], outputs = {}, data = null } = result
  const body = {
    version: 1,
    action: title,
    outcome,
    headline,
    next,
    outputs,
    sections,
    data: data as Json,
  }
  writeFileSync(file, `${secrets.scrub(JSON.stringify(body, null, 2))}\n`)
  return file
}
