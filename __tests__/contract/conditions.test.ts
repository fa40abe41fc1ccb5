import { readWorkflow } from '../../scripts/workflows.ts'
import { allows } from '../support/chain/workflow.ts'

const rollback = readWorkflow('.github/workflows/rollback.yml')
const guarded = readWorkflow('.github/workflows/guarded-deploy.yml')

/** `success()` is false in a run that was cancelled and behind a job that failed; GitHub adds it to every `if:` without a status function. */
const starts = (job: object, inputs: object): boolean =>
  allows((job as { if?: string }).if, { contexts: { inputs, needs: {} }, failed: true })

test('a rollback starts, and goes on, in a run that was cancelled', () => {
  expect(starts(rollback.jobs.rollback ?? {}, { close: '' })).toBe(true)
  expect(starts(guarded.jobs.rollback ?? {}, {})).toBe(true)
})

test('closing by hand and rolling back are never done by the same run', () => {
  for (const close of ['', 'production/1/rollback-1']) {
    const begun = Object.entries(rollback.jobs).filter(([, job]) => starts(job, { close }))
    expect(begun.map(([name]) => name)).toEqual([close === '' ? 'rollback' : 'close'])
  }
})

test('a person’s close is done even when nothing before it succeeded', () => {
  expect(starts(rollback.jobs.close ?? {}, { close: 'production/1/rollback-1' })).toBe(true)
})
