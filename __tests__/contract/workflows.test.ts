import { describe, expect, test } from '@jest/globals'
import { actionDefinition, actionNames, type InputDefinition } from '../../scripts/actions.ts'
import {
  type Job,
  ownPath,
  permissionsUnion,
  readWorkflow,
  reusableWorkflows,
  type Workflow,
  yamlFiles,
} from '../../scripts/workflows.ts'
import { matches, read } from './tree.ts'

const workflows = yamlFiles('.github/workflows')
const examples = yamlFiles('workflows-examples')
const all = [...workflows, ...examples]

const pinned = /^[^@\s]+@[0-9a-f]{40} # v\d+(\.\d+)*$/

/** Lists the `uses:` of other people's actions that are not pinned by commit, with the version in a comment. */
function unpinned(file: string, text: string): readonly string[] {
  return matches(file, text, /^\s*(- )?uses:/).filter((line) => {
    const uses = line.replace(/^.*?uses:\s*/, '')
    return ownPath(uses.split(/\s/)[0]) === undefined && !pinned.test(uses)
  })
}

/**
 * Lists references to this repository that name a version: only examples do, by full commit. An action is `$/…`; a
 * workflow called by a workflow is `./…`, which GitHub resolves to the called repository's commit.
 */
function badOwn(file: string, text: string): readonly string[] {
  const form = file.startsWith('.github/')
    ? /uses: (\$\/actions\/[^@\s]+|\.\/\.github\/workflows\/[^@\s]+)$/
    : /uses: acme\/rollback-actions\/[^@\s]+@[0-9a-f]{40}( #.*)?$/
  return matches(file, text, /^\s*(- )?uses:/).filter(
    (line) =>
      ownPath(line.replace(/^.*?uses:\s*/, '').split(/\s/)[0]) !== undefined && !form.test(line),
  )
}

/** Lists the scripts that contain an expression: what it becomes would be run as code. */
const expressionsInRun = ({ jobs }: Workflow): readonly string[] =>
  Object.values(jobs)
    .flatMap((job) => job.steps ?? [])
    .flatMap(({ run }) => (run?.includes('${{') ? [run] : []))

const grants = (job: Job) => Object.fromEntries(Object.entries(job.permissions ?? {}).sort())

/** What is wrong with the values given to something that declares its inputs. */
function badInputs(
  given: Readonly<Record<string, unknown>> | undefined,
  declared: Readonly<Record<string, InputDefinition>> | undefined,
): readonly string[] {
  const unknown = Object.keys(given ?? {}).filter((name) => !(name in (declared ?? {})))
  const missing = Object.entries(declared ?? {})
    .filter(
      ([name, input]) => input.required && input.default === undefined && !(name in (given ?? {})),
    )
    .map(([name]) => name)
  return [
    ...unknown.map((name) => `unknown: ${name}`),
    ...missing.map((name) => `missing: ${name}`),
  ]
}

/** Checks every call of our own actions and workflows in a file against what they declare. */
function badCalls(workflow: Workflow): readonly string[] {
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? [])
  const ofActions = steps.flatMap((step) => {
    const path = ownPath(step.uses)
    if (path === undefined) return []
    const name = path.replace(/^actions\//, '')
    if (!actionNames().includes(name)) return [`${step.uses} does not exist`]
    return badInputs(step.with, actionDefinition(name).inputs).map((bad) => `${name}: ${bad}`)
  })
  const ofWorkflows = Object.values(workflow.jobs).flatMap((job) => {
    const path = ownPath(job.uses)
    if (path === undefined) return []
    if (!reusableWorkflows().includes(path)) return [`${job.uses} does not exist`]
    const call = readWorkflow(path).on.workflow_call
    if (job.secrets === 'inherit') return [`${path}: inherits all secrets`]
    const bad = [...badInputs(job.with, call?.inputs), ...badInputs(job.secrets, call?.secrets)]
    return bad.map((what) => `${path}: ${what}`)
  })
  return [...ofActions, ...ofWorkflows]
}

describe.each(all)('%s', (file) => {
  const workflow = readWorkflow(file)

  test('pins what others wrote by commit, with the version in a comment', () => {
    expect(unpinned(file, read(file))).toEqual([])
  })

  test('names its own actions as `$/`, its workflows as `./`, in examples both by full commit', () => {
    expect(badOwn(file, read(file))).toEqual([])
  })

  test('has no expression in any script', () => {
    expect(expressionsInRun(workflow)).toEqual([])
  })

  test('grants nothing at the top and says what each job may do', () => {
    expect(workflow.permissions).toEqual({})
    const silent = Object.entries(workflow.jobs).filter(([, job]) => job.permissions === undefined)
    expect(silent.map(([name]) => name)).toEqual([])
  })

  test('grants each called workflow exactly what is inside it', () => {
    for (const job of Object.values(workflow.jobs)) {
      const called = ownPath(job.uses)
      if (called !== undefined) expect(grants(job)).toEqual(permissionsUnion(called))
    }
  })

  test('gives our actions and workflows the inputs they know and need', () => {
    expect(badCalls(workflow)).toEqual([])
  })
})

describe('the rules find what they look for', () => {
  const sha = '0123456789012345678901234567890123456789'

  test.each([
    'uses: actions/checkout@v6',
    'uses: actions/checkout@main # v6.0.0',
    `uses: actions/checkout@${sha}`,
    'uses: docker://alpine:3',
  ])('not pinned: %s', (line) => {
    expect(unpinned('x.yml', `      - ${line}`)).toHaveLength(1)
  })

  test('pinned, or ours', () => {
    expect(unpinned('x.yml', `- uses: actions/checkout@${sha} # v6.0.2`)).toEqual([])
    expect(unpinned('x.yml', '- uses: $/actions/restore-point')).toEqual([])
  })

  test('our own actions by another form than the file should use', () => {
    expect(badOwn('.github/workflows/x.yml', '- uses: ./actions/a')).toHaveLength(1)
    expect(badOwn('.github/workflows/x.yml', '- uses: $/actions/a')).toEqual([])
    expect(badOwn('.github/workflows/x.yml', 'uses: ./.github/workflows/a.yml')).toEqual([])
    expect(badOwn('.github/workflows/x.yml', 'uses: $/.github/workflows/a.yml')).toHaveLength(1)
    expect(badOwn('workflows-examples/x.yml', '- uses: $/actions/a')).toHaveLength(1)
    const byCommit = `- uses: acme/rollback-actions/actions/a@${sha}`
    expect(badOwn('workflows-examples/x.yml', byCommit)).toEqual([])
  })

  test('an expression in a script, an unknown and a missing input', () => {
    const steps = [{ run: 'echo "${{ inputs.reason }}"' }, { run: 'echo "$REASON"' }]
    expect(expressionsInRun({ on: {}, jobs: { a: { steps } } })).toHaveLength(1)
    expect(badInputs({ a: 1 }, { b: { required: true }, c: {} })).toEqual([
      'unknown: a',
      'missing: b',
    ])
    expect(badCalls({ on: {}, jobs: { a: { steps: [{ uses: '$/actions/none' }] } } })).toHaveLength(
      1,
    )
  })
})
