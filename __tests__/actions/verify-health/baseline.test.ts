import { CallError } from '#core'
import { baseline, type FetchOnce, health } from '#health'
import { testRun } from '../../support/run.ts'
import {
  answers,
  limited,
  older,
  page,
  pageCheck,
  refuses,
  settingsOf,
  sha,
  status,
  stocked,
  verdictOfPoint,
} from './stage.ts'

const { plan } = settingsOf({ checks: pageCheck, mode: 'baseline' })

/** A page that gives these answers in turn, the last one again and again. */
function inTurn(...given: readonly ReturnType<typeof status>[]) {
  const run = testRun()
  let asked = 0
  const fetchOnce: FetchOnce = async () => given[Math.min(asked++, given.length - 1)] ?? refuses
  return { run, ports: { ...page(run, () => refuses), fetchOnce } }
}

describe('a baseline is', () => {
  test.each([
    ['healthy at the first good answer', [answers(older)], 'healthy'],
    ['healthy when the third answer is good', [refuses, status(500), answers(older)], 'healthy'],
    ['unhealthy when it is never good', [status(500)], 'unhealthy'],
    ['unhealthy when nobody answers', [refuses], 'unhealthy'],
    [
      'unhealthy with two bad answers and one without information',
      [status(500), limited, refuses],
      'unhealthy',
    ],
    ['inconclusive with one bad answer', [limited, limited, status(500)], 'inconclusive'],
    ['inconclusive without information', [limited], 'inconclusive'],
  ])('%s', async (_, given, verdict) => {
    const { run, ports } = inTurn(...given)
    expect((await baseline(run, ports, plan)).verdict).toBe(verdict)
    expect(run.clock.now()).toBeLessThanOrEqual(Date.UTC(2026, 10, 22, 3, 0, 4))
  })

  test('inconclusive without checks', async () => {
    const { run, ports } = inTurn()
    expect(await baseline(run, ports, { checks: [], problems: [] })).toMatchObject({
      verdict: 'inconclusive',
      why: 'no checks are configured',
    })
  })

  test('an error when a check is wrong', async () => {
    const { run, ports } = inTurn()
    const wrong = { checks: [], problems: ['check a: wrong'] }
    expect(await baseline(run, ports, wrong)).toMatchObject({
      verdict: 'error',
      why: 'check a: wrong',
    })
  })

  test('an error that names the permission when ECS may not be read', async () => {
    const { run, ports } = inTurn()
    const ecs = settingsOf({ checks: '- ecs: true', cluster: 'prod', services: 'web' }).plan
    const services = async () => {
      const call = {
        action: 'ecs:DescribeServices',
        on: 'web',
        code: 'AccessDeniedException',
        next: 'grant ecs:DescribeServices',
      }
      throw new CallError(call, 'no')
    }
    const found = await baseline(run, { ...ports, services }, ecs)
    expect(found.verdict).toBe('error')
    expect(found.why).toContain('grant ecs:DescribeServices')
  })

  test('as bad as its worst check', async () => {
    const two = settingsOf({ checks: `${pageCheck}\n- http: http://shop.example/other` }).plan
    const run = testRun()
    const ports = page(run, () => refuses)
    const fetchOnce: FetchOnce = async ({ url }) =>
      url.endsWith('other') ? status(500) : answers(sha)
    const found = await baseline(run, { ...ports, fetchOnce }, two)
    expect(found).toMatchObject({ verdict: 'unhealthy', why: 'shop.example/other: status 500' })
    expect(found.checks.map(({ verdict }) => verdict)).toEqual(['healthy', 'unhealthy'])
  })
})

test.each([
  [answers(sha), 'done'],
  [status(500), 'unhealthy'],
  [limited, 'inconclusive'],
])('mode baseline prints it and writes nothing (%#)', async (given, outcome) => {
  const { run, ports } = inTurn(given)
  const { store } = await stocked(run)
  const settings = settingsOf({ checks: pageCheck, mode: 'baseline' })
  const result = await health(run, ports, { settings, store })
  expect(result.outcome).toBe(outcome)
  expect(await verdictOfPoint(store)).toBeUndefined()
})
