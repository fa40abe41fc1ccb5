import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { suiteName, suiteRoot } from '../../../packages/sandbox/act/index.ts'
import { sampleWorkflows, workflowFiles } from '../../../packages/sandbox/sample/index.ts'

/** The company's pipeline is what people copy: between the two files only data differs. */
const adapted = sampleWorkflows(suiteName)
const example = (name: string) =>
  parse(readFileSync(join(suiteRoot(), 'workflows-examples', name), 'utf8'))

interface Difference {
  readonly at: string
  readonly from: unknown
  readonly to: unknown
}

/** Every leaf that differs. */
function differences(from: unknown, to: unknown, at = ''): readonly Difference[] {
  if (typeof from !== 'object' && typeof to !== 'object')
    return from === to ? [] : [{ at, from, to }]
  const [a, b] = [Object(from), Object(to)]
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])]
  return keys.flatMap((key) => differences(a[key], b[key], `${at}/${key}`))
}

test('deploy.yml without its preflight is the rest of the example', () => {
  const { 'deploy.yml': left = '', ...others } = sampleWorkflows(suiteName, { preflight: false })
  const { 'deploy.yml': whole = '', ...same } = adapted
  expect(others).toEqual(same)
  expect(left).not.toContain('preflight')
  const gone = differences(parse(whole), parse(left)).filter(
    ({ at }) => !at.startsWith('/jobs/preflight'),
  )
  expect(gone.map(({ at, to }) => [at, to])).toEqual([
    ['/jobs/deploy/needs', undefined],
    ['/jobs/rollback/needs/0', 'deploy'],
    ['/jobs/rollback/needs/1', undefined],
    ['/jobs/rollback/if', '${{ always() }}'],
  ])
})

test.each(Object.entries(workflowFiles))(
  '%s is %s with its pin and its patience changed',
  (file, name) => {
    const changed = differences(example(name), parse(adapted[file] ?? ''))
    const rest = changed.filter(({ at, from, to }) => {
      const pin = String(from).replace(/@0{40}$/, `@${suiteName.commit}`) === to
      return (
        !(at.endsWith('/uses') && pin) && !(at.endsWith('/with/poll-interval') && to === '200ms')
      )
    })
    expect(changed.length).toBeGreaterThan(0)
    expect(rest).toEqual([])
  },
)
