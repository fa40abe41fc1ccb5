import { expect, test } from '@jest/globals'
import { again, killed, type Mark, rest } from '../support/bundles/kill.ts'
import { broken, foundTown } from '../support/bundles/town.ts'

/** One call of each action of a rollback with data: its process is killed there, one after the other. */
const marks: readonly (Mark & { readonly name: string })[] = [
  { name: 'rollback-report', service: 's3', match: '/pins/', when: 'after', nth: 1 },
  {
    name: 'rds-snapshot-guard',
    operation: 'RestoreDBInstanceFromDBSnapshot',
    when: 'after',
    nth: 1,
  },
  {
    name: 'ecs-rollback',
    operation: 'UpdateService',
    match: '"desiredCount":1',
    when: 'after',
    nth: 1,
  },
  { name: 'verify-health', service: 's3', match: '"verdict": "healthy"', when: 'before', nth: 1 },
  { name: 'restore-point', service: 's3', match: 'rollback-1/after.json', when: 'after', nth: 1 },
]

test('the bundles, killed once in every action of a rollback, finish it when the job runs again', async () => {
  const town = await foundTown(200)
  try {
    const at = await broken(town, '000000000004', 4)
    for (const [index, { name, ...mark }] of marks.entries()) {
      const { conclusion, lines } = await killed(at, mark, index + 1)
      const last = conclusion === 'killed' ? [] : lines.slice(-4)
      expect({ name, conclusion, last }).toEqual({ name, conclusion: 'killed', last: [] })
    }
    const { conclusion } = await again(at, marks.length + 1)
    expect(conclusion).toBe('success')
    const { doors, services, database, store } = await rest(at)
    expect(doors).toEqual(['200 2'])
    expect(services.map(({ taskDefinition, tasks }) => `${taskDefinition} ${tasks}`)).toEqual([
      'acme-api-gateway:1 2/2',
      'acme-event-processor:1 1/1',
      'acme-action-workers:1 1/1',
    ])
    expect(database).toEqual({
      serving: 'acme-production-rollback',
      applied: ['20260901000000', '20260902000000'],
      seeded: 100,
      instances: ['acme-production', 'acme-production-rollback'],
      snapshots: ['pre-migration-<time> available', 'pre-rollback-<time> available'],
    })
    expect(store).toMatchObject({
      open: undefined,
      verified: 'production/1001.rollback-1/after',
      lease: 'nobody',
      records: ['production/1001/rollback-1 closed done'],
      deployments: ['production/1001/before rolled-back'],
      pins: ['production/1001/rollback-1'],
    })
    at.clients.close()
  } finally {
    await town.close()
  }
}, 300_000)
