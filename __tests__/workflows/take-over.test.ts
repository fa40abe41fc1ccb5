import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Outside } from '../../packages/sandbox/sample/index.ts'
import { documentsOf } from './documents.ts'
import { begins, type Company, foundTown, outcomeOf, stepOf, type Told, type Town } from './town.ts'

/** A deployment that is alive when the button is pressed, and a rollback whose machine is gone. */
let town: Town
let company: Company
let good: Outside

beforeAll(async () => {
  // A lease lasts longer than a run of act, and GitHub's five minutes too.
  town = await foundTown(10)
  company = await town.settle('363636363636')
  await company.configure({ environment: { watch: '10m' } })
  good = await company.look()
}, 120_000)

afterAll(() => town?.close(), 60_000)

const standing = ({ doors, services }: Outside) => ({ doors, services })

describe('the button, while the release that it undoes is still being verified', () => {
  let two: Told
  let dry: Told
  let button: Told

  beforeAll(async () => {
    let pressing: Promise<void> | undefined
    const press = async () => {
      // What is restored need not be watched for so long.
      await company.configure({})
      dry = await company.press({ environment: 'production' })
      button = await company.press({ environment: 'production', 'dry-run': 'false' })
    }
    two = await company.ship(2, [], {
      onEvent: (event) => {
        const watches =
          event.is === 'line' && event.step === 'health' && /watched for/.test(event.text)
        if (watches) pressing ??= press()
      },
    })
    await pressing
  }, 400_000)

  test('says first what it would cancel', () => {
    expect(dry.ok).toBe(true)
    expect(outcomeOf(dry, 'take-over')).toBe('planned')
    expect(stepOf(dry, 'take-over').summary).toMatch(
      /would be cancelled[\s\S]*deploy[\s\S]*in\\_progress/,
    )
  })

  test('cancels that run, waits for its end, and rolls back', async () => {
    expect(two.killed).toBe(true)
    expect(outcomeOf(button, 'take-over')).toBe('done')
    expect(button).toMatchObject({ ok: true, jobs: { rollback: 'success' } })
    expect(outcomeOf(button, 'close')).toBe('done')
    expect(standing(await company.look())).toEqual(standing(good))
    const documents = await documentsOf(company)
    expect(documents[`${two.runId}/rollback-1`]).toMatchObject({
      ...{ state: 'closed', outcome: 'done', trigger: 'button' },
      runs: [{ run: button.runId }],
    })
    expect(documents[`${two.runId}/before`].deployment.journal).toContainEqual(
      expect.objectContaining({ operation: 'cancel-run', on: two.runId }),
    )
  })

  test('the rollback job of the cancelled run undoes nothing', () => {
    const { still } = two
    if (!still) throw new Error('It did not run')
    expect(stepOf(still, 'plan').outputs.decision).toBe('nothing')
    expect(['superseded', 'unchanged']).toContain(outcomeOf(still, 'plan'))
    expect(still.steps.map(({ id }) => id)).not.toContain('open')
  })

  test('neither does it when somebody runs it again', async () => {
    const again = await company.rerun(two, ['rollback'])
    expect(stepOf(again, 'plan').outputs.decision).toBe('nothing')
    expect(again.changes.rollback.filter((change) => !change.startsWith('s3:'))).toEqual([])
    expect((await documentsOf(company)).environment.open).toBeUndefined()
  }, 120_000)
})

test('a rollback whose machine is gone is finished by rollback-resume, and nobody waits for the lease', async () => {
  const three = await company.ship(3, [], {
    onEvent: (event, run) => {
      if (begins(event, 'code')) setTimeout(() => run.kill(), 1500)
    },
  })
  expect(three.killed).toBe(true)
  const resume = await company.press({}, { workflow: 'rollback-resume.yml' })
  expect(resume.ok).toBe(true)
  expect(resume.log).toMatch(
    new RegExp(
      `run ${three.runId} \\(attempt 1\\) has ended .*says GitHub: the lease that it left behind is taken`,
    ),
  )
  const documents = await documentsOf(company)
  expect(documents[`${three.runId}/rollback-1`]).toMatchObject({
    ...{ state: 'closed', outcome: 'done' },
    runs: [{ run: three.runId }, { run: resume.runId, resumes: true }],
  })
  expect(documents.lease.owner).toBe('nobody')

  const idle = await company.press({}, { workflow: 'rollback-resume.yml' })
  expect(idle.ok).toBe(true)
  expect(outcomeOf(idle, 'plan')).toBe('unchanged')
  expect(idle.log).toMatch(/nothing is unfinished \(rolled-back\)/)
}, 400_000)
