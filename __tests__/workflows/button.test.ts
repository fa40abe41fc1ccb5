import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Outside } from '../../packages/sandbox/sample/index.ts'
import { commandsIn, hostile, liveIn } from '../support/hostile.ts'
import { documentsOf } from './documents.ts'
import { standing } from './expectations.ts'
import {
  type Company,
  changesOf,
  foundTown,
  outcomeOf,
  stepOf,
  type Told,
  type Town,
} from './town.ts'
import { kindsOf } from './whole.ts'

/** A person at the button: looks what there is, asks what a tag would mean, and takes only the front end back. */
let town: Town
let company: Company
let released: Told
let before: Outside

const press = (inputs: Readonly<Record<string, string>>) =>
  company.press({ environment: 'production', ...inputs })

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('232323232323', { everything: true })
  released = await company.ship(2)
  expect(released.ok).toBe(true)
  before = await company.look()
}, 180_000)

afterAll(() => town?.close(), 60_000)

test('the list shows every point with its images and its end, and the command that goes there', async () => {
  const told = await press({ list: 'true' })
  expect(told).toMatchObject({ ok: true, jobs: { list: 'success' } })
  expect(told.steps.map(({ id }) => id)).not.toContain('plan')
  const { summary } = stepOf(told, 'list')
  const after = `production/${released.runId}/after`
  for (const part of [
    new RegExp(`What runs, by the records \\| ${after}`),
    new RegExp(
      `\\| ${after} \\| runs now.*verified: .*release-2: api-gateway, event-processor, action-workers`,
    ),
    /release-1: api-gateway, event-processor, action-workers/,
    new RegExp(
      `gh workflow run rollback.yml -f environment=production -f to=production/${released.runId}/before -f dry-run=true`,
    ),
  ])
    expect(summary.replaceAll('\\', '')).toMatch(part)
  expect(told.changes).toEqual({ deploy: [], rollback: [] })
}, 60_000)

test('a dry run to a tag says which point it means, and changes nothing', async () => {
  const told = await press({ to: 'tag:release-1' })
  expect(outcomeOf(told, 'plan')).toBe('planned')
  expect(stepOf(told, 'plan').outputs.destination).toBe(`production/${released.runId}/before`)
  expect(stepOf(told, 'plan').summary.replaceAll('\\', '')).toContain(
    `production/${released.runId}/before ran tag:release-1 in every service`,
  )
  expect(told.changes).toEqual({ deploy: [], rollback: [] })
}, 60_000)

test('only the front end goes back; the record says so, and is closed when it is whole and healthy', async () => {
  const told = await press({ components: 'site', 'dry-run': 'false', reason: hostile })
  expect(told.ok).toBe(true)
  expect(outcomeOf(told, 'close')).toBe('done')
  expect(kindsOf(told)).toEqual(['site'])
  expect(changesOf(told, 'rollback').filter((change) => /^(ecs|rds):/.test(change))).toEqual([])
  const now = await company.look()
  expect(now.site?.release).toBe('1')
  expect(standing(now)).toEqual(standing(before))
  const documents = await documentsOf(company)
  expect(documents[`${released.runId}/rollback-1`]).toMatchObject({
    ...{ only: ['site'], state: 'closed', outcome: 'done', profile: 'A', trigger: 'button' },
  })
  expect(documents[`${released.runId}/before`].deployment).toMatchObject({ state: 'rolled-back' })
  const commit = company.repository.commitOf(2)
  expect(documents[`${released.runId}.rollback-1/after`]).toMatchObject({ runs: commit })
  expect(documents[`pins/${commit}`].record).toBe(`production/${released.runId}/rollback-1`)
}, 90_000)

test('what the person typed is shown as text in the summaries, and was a command to nobody', async () => {
  const told = company.runs.at(-1)
  const { reason } = (await documentsOf(company))[`${released.runId}/rollback-1`]
  expect(reason).toMatch(/^\$\(touch PWNED\) `touch PWNED`/)
  expect(reason).not.toMatch(/\n/)
  const { summary, outputs } = stepOf(told as Told, 'plan')
  expect(summary).toContain('touch PWNED')
  expect(told?.steps.flatMap((step) => liveIn(step.summary))).toEqual([])
  expect(outputs.decision).toBe('roll-back')
  expect(commandsIn(told?.log ?? '')).toEqual([])
})
