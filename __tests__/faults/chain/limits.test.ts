import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import type { Verdict } from '#core'
import type { ReleaseNumber } from '../../../packages/sandbox/sample/releases.ts'
import { deploy, pressButton, rollBack } from '../../support/chain/chain.ts'
import { type Company, company, MINUTE } from '../../support/chain/company.ts'
import type { JobEnd, RunOf } from '../../support/chain/job.ts'
import { picture } from '../../support/chain/picture.ts'

jest.setTimeout(120_000)

/** One environment on a bad day: releases 3, 5, 7 and 3 again, each deployed, judged and, if it may, rolled back. */
let at: Company
beforeAll(async () => {
  at = await company()
})
afterAll(async () => at?.close())

interface Shipped {
  readonly run: RunOf
  readonly verdict: Verdict | undefined
  readonly deployed: JobEnd
  readonly back: JobEnd
}

/** A whole run of the workflow: the deploy job, then the rollback job. */
async function ship(release: ReleaseNumber, runId: string, attempt = 1): Promise<Shipped> {
  const run = { runId, attempt, sha: at.checkout(release, [2]) }
  const deployed = await deploy(at, { run, machine: at.machine() })
  const verdict = deployed.outputs.verdict as Verdict | undefined
  const machine = at.machine()
  const back = await rollBack(at, { run, machine }, verdict ?? ('' as Verdict))
  await at.clock.advance(30 * MINUTE)
  return { run, verdict, deployed, back }
}

const press = (runId: string) => {
  const machine = at.machine()
  return pressButton(at, { run: { runId, attempt: 1, sha: at.checkout(2) }, machine })
}

const decisionOf = ({ steps }: JobEnd) =>
  steps.find(({ name }) => name === 'Plan')?.outputs?.decision
const said = ({ lines }: JobEnd) => lines.join('\n')
/** What customers get, which tasks run and which documents there are. */
const seen = () => picture(at)

test('two bad releases of a day go back by themselves', async () => {
  for (const [release, run] of [
    [3, '1001'],
    [5, '1002'],
  ] as const) {
    const { verdict, back } = await ship(release, run)
    expect(verdict).toBe('unhealthy')
    expect(decisionOf(back)).toBe('roll-back')
    expect(back.conclusion).toBe('success')
    expect(at.customer()).toBe('200')
  }
})

test('a re-run of the whole run after that changes nothing: the pin refuses, and nothing is left to undo', async () => {
  const before = await seen()
  const { deployed, back } = await ship(5, '1002', 2)
  expect(said(deployed)).toMatch(/refused: .*was rolled back/)
  expect(deployed.steps.map(({ outcome }) => outcome)).not.toContain('done')
  expect([back.conclusion, decisionOf(back)]).toEqual(['success', 'nothing'])
  expect(await seen()).toEqual(before)
})

test('the button after that finds everything where it belongs', async () => {
  const before = await seen()
  const pressed = await press('2001')
  expect([pressed.conclusion, decisionOf(pressed)]).toEqual(['success', 'nothing'])
  expect(said(pressed)).toContain('there is nothing to put back')
  expect(await seen()).toEqual(before)
})

test('the third is held: it names the two and the command, and undoes nothing', async () => {
  const { back } = await ship(7, '1003')
  expect([back.conclusion, decisionOf(back)]).toEqual(['failure', 'hold'])
  expect(said(back)).toMatch(
    /twice within 24 hours \(production\/1002\/rollback-1 at .*, production\/1001\/rollback-1 at/,
  )
  expect(back.steps.at(-1)?.outcome).toBe('inconclusive')
  const { store, site } = await seen()
  expect(store.deployments.at(-1)).toBe('production/1003/before held')
  expect(store).toMatchObject({ open: undefined, lease: 'nobody' })
  expect(site.page).toBe('7')
})

test('the button takes it back all the same', async () => {
  const pressed = await press('2002')
  expect([pressed.conclusion, decisionOf(pressed)]).toEqual(['success', 'roll-back'])
  expect((await seen()).site.page).toBe('2')
})

test('a day later the next one goes back by itself again', async () => {
  await at.clock.advance(25 * 60 * MINUTE)
  const { back } = await ship(11, '1004')
  expect([back.conclusion, decisionOf(back)]).toEqual(['success', 'roll-back'])
})
