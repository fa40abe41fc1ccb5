import { type Record, recordSchema } from '#store'
import { where } from './store.ts'

export const bad = 'b'.repeat(40)
export const good = 'a'.repeat(40)

/** A rollback that went well, with what a test cares about; the rest is plain. */
export function recordOf(given: Partial<Record> = {}): Record {
  return recordSchema.parse({
    ...{ kind: 'record', version: 1, ...where, id: 'production/17/rollback-1' },
    ...{ repository: 'acme/shop', undone: 'production/17', from: bad, to: 'production/12/after' },
    ...{ profile: 'A', planId: 'p1', consent: 'not-needed', reason: '5 of 5 looks: 503' },
    ...{ actor: 'ada', trigger: 'verdict', state: 'closed', outcome: 'done' },
    openedAt: '2026-11-22T03:05:00Z',
    closedAt: '2026-11-22T03:09:30Z',
    closedBy: 'ada',
    closedWhy: 'healthy for 2 min',
    runs: [
      {
        ...{ run: '17', attempt: 1, at: '2026-11-22T03:05:00Z' },
        url: 'https://github.com/acme/shop/actions/runs/17',
      },
    ],
    moments: {
      firstBad: '2026-11-22T03:01:00Z',
      detected: '2026-11-22T03:04:30Z',
      badTrafficEnded: '2026-11-22T03:07:00Z',
      confirmed: '2026-11-22T03:09:00Z',
    },
    impact: { looks: { failed: 12, of: 20 } },
    journal: ['api', 'worker'].map((on) => ({
      ...{ at: '2026-11-22T03:05:20Z', run: '17', component: 'ecs', operation: 'update', on },
    })),
    parts: {
      'ecs-rollback rollback': {
        ...{ outcome: 'done', headline: '2 services are back', run: '17' },
        at: '2026-11-22T03:07:10Z',
      },
      'restore-point capture': {
        ...{ outcome: 'done', headline: 'verified', run: '17', at: '2026-11-22T03:09:10Z' },
      },
    },
    verdict: { verdict: 'healthy', why: '12 looks', at: '2026-11-22T03:09:00Z', run: '17' },
    ...given,
  })
}

/** The same while its data waits for consent. */
export const waiting = (given: Partial<Record> = {}): Record => {
  const {
    outcome: _o,
    closedAt: _a,
    closedBy: _b,
    closedWhy: _w,
    verdict: _v,
    ...open
  } = recordOf()
  return { ...open, state: 'open', profile: 'C', consent: 'missing', ...given }
}
