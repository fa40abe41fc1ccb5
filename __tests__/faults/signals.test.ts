import { expect, test } from '@jest/globals'
import { rest, servicesBefore } from '../support/bundles/kill.ts'
import { cutAt, type How, type Moment, resumed } from '../support/bundles/signal.ts'
import { type Broken, broken, foundTown } from '../support/bundles/town.ts'

/** One after the other: the run itself, then runs of the scheduled workflow, each ended by the runner's signals at another moment. */
type Cuts = readonly { readonly name: string; readonly moment: Moment; readonly how: How }[]

const ofCode: Cuts = [
  {
    name: 'cancelled between the journal and the call',
    moment: { operation: 'UpdateService', when: 'before', nth: 1 },
    how: 'cancelled',
  },
  {
    name: 'cancelled while it waits for the services',
    moment: { line: /tasks of acme-api-gateway:1 run, / },
    how: 'cancelled',
  },
  {
    name: 'killed after the last call was applied',
    moment: { service: 's3', match: 'rollback-1/after.json', when: 'after', nth: 1 },
    how: 'killed',
  },
]

const ofData: Cuts = [
  {
    name: 'cancelled between the journal and the restore',
    moment: { operation: 'RestoreDBInstanceFromDBSnapshot', when: 'before', nth: 1 },
    how: 'cancelled',
  },
  {
    name: 'cancelled while the database is restored',
    moment: { line: /acme-production-rollback.*: (creating|backing-up|modifying)/ },
    how: 'cancelled',
  },
  {
    name: 'killed after the writers were started',
    moment: { operation: 'UpdateService', match: '"desiredCount":1', when: 'after', nth: 1 },
    how: 'killed',
  },
]

async function toTheEnd(at: Broken, cuts: Cuts): Promise<void> {
  for (const [n, { name, ...cut }] of cuts.entries()) {
    const { hit, took, end } = await cutAt(at, { runId: n === 0 ? '1001' : `200${n}`, ...cut })
    expect({ name, hit, last: hit ? [] : end.lines.slice(-4) }).toEqual({
      name,
      hit: true,
      last: [],
    })
    expect(took).toBeLessThan(2000)
    if (cut.how === 'cancelled')
      expect(end.lines.join('\n')).toMatch(/ended by SIGINT in the middle of/)
  }
  const { conclusion, lines } = await resumed(at, '2009')
  const last = conclusion === 'success' ? [] : lines.slice(-4)
  expect({ conclusion, last }).toEqual({ conclusion: 'success', last: [] })
}

/** Every fault with `npm run check:faults`; else the story that takes seconds. */
const stories: readonly (readonly [3 | 4, string, Cuts])[] = [
  [3, '000000000021', ofCode],
  ...(process.env.FAULTS === 'all' ? [[4, '000000000022', ofData] as const] : []),
]

test.each(stories)(
  'cancelled and killed in every run, the rollback of release %s is finished by the scheduled workflow',
  async (release, account, cuts) => {
    const town = await foundTown(200, true)
    try {
      const at = await broken(town, account, release)
      await toTheEnd(at, cuts)
      const { doors, services, database, store } = await rest(at)
      expect(doors).toEqual(['200 2'])
      expect(services.map(({ taskDefinition, tasks }) => `${taskDefinition} ${tasks}`)).toEqual(
        servicesBefore,
      )
      expect(database).toMatchObject({
        applied: ['20260901000000', '20260902000000'],
        seeded: 100,
        serving: release === 4 ? 'acme-production-rollback' : 'acme-production',
      })
      expect(store).toMatchObject({
        ...{ open: undefined, verified: 'production/1001.rollback-1/after', lease: 'nobody' },
        records: ['production/1001/rollback-1 closed done'],
        deployments: ['production/1001/before rolled-back'],
      })
      at.clients.close()
    } finally {
      await town.close()
    }
  },
  300_000,
)
