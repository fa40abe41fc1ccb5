import { expect, test } from '@jest/globals'
import { readWorkflow } from '../../scripts/workflows.ts'
import { allows } from '../support/chain/workflow.ts'

/** Whether the jobs of the Rollback button start, by GitHub's own evaluator. */
const { jobs } = readWorkflow('workflows-examples/rollback.yml')
const starts = (name: string, inputs: object, needs: object = {}): boolean =>
  allows((jobs[name] as { if?: string }).if, { contexts: { inputs, needs }, failed: true })

const plain = { close: '', compromised: '' }

test.each([
  ['success', true],
  ['skipped', true],
  ['failure', false],
  ['cancelled', false],
])('after a take-over that ended %s the rollback starts: %s', (result, begins) => {
  expect(starts('rollback', plain, { 'take-over': { result } })).toBe(begins)
})

test.each([
  ['a person closes a record', { ...plain, close: 'production/1/rollback-1' }],
  ['a secret leaked', { ...plain, compromised: 'acme/jwt' }],
])('nothing is cancelled when %s', (_name, inputs) => {
  const given = { contexts: { inputs, needs: {} }, failed: false }
  expect(allows((jobs['take-over'] as { if?: string }).if, given)).toBe(false)
})

test('the run that is undone is cancelled before a rollback', () => {
  const given = { contexts: { inputs: plain, needs: {} }, failed: false }
  expect(allows((jobs['take-over'] as { if?: string }).if, given)).toBe(true)
})
