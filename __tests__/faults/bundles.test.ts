import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { expect, test } from '@jest/globals'
import { databaseSecret } from '../../packages/sandbox/sample/index.ts'
import { again, killed, type Mark, rest, servicesBefore } from '../support/bundles/kill.ts'
import { type Broken, broken, foundTown } from '../support/bundles/town.ts'

type Named = Mark & { readonly name: string }

/** One call of each action of a rollback with data: its process is killed there, one after the other. */
const ofData: readonly Named[] = [
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

/** One call of each action that is in no rollback of data alone, and the label behind the last point. */
const ofTheRest: readonly Named[] = [
  // The down was applied and its end was not heard of.
  {
    name: 'migration-revert',
    service: 's3',
    match: '"migration-revert revert"',
    when: 'before',
    nth: 1,
  },
  { name: 'config-rollback', operation: 'PutParameter', when: 'after', nth: 1 },
  { name: 's3-frontend-restore', operation: 'CopyObject', when: 'after', nth: 1 },
  {
    name: 'restore-point',
    operation: 'UpdateSecretVersionStage',
    match: 'rollback-production-after',
    when: 'before',
    nth: 1,
  },
]

/** Kills the bundles at one mark after the other, each in an attempt of its own, then lets one finish. */
async function killedAt(at: Broken, marks: readonly Named[]): Promise<void> {
  const said: string[] = []
  for (const [index, { name, ...mark }] of marks.entries()) {
    const { conclusion, lines } = await killed(at, mark, index + 1)
    said.push(...lines)
    const last = conclusion === 'killed' ? [] : lines.slice(-4)
    expect({ name, conclusion, last }).toEqual({ name, conclusion: 'killed', last: [] })
  }
  const { conclusion, lines } = await again(at, marks.length + 1)
  const last = conclusion === 'success' ? [] : lines.slice(-4)
  expect({ conclusion, last }).toEqual({ conclusion: 'success', last: [] })
  await expectHidden(at, [...said, ...lines])
}

/** No secret of the company was said, though debug logging is on. */
async function expectHidden(at: Broken, said: readonly string[]): Promise<void> {
  const asked = new GetSecretValueCommand({ SecretId: databaseSecret })
  const { SecretString = '' } = await at.clients.secrets.send(asked)
  const { password } = new URL(SecretString)
  const hidden = [SecretString, password, decodeURIComponent(password), at.tokenKey]
  // These tell the runner what to mask.
  const shown = said.filter((line) => !line.includes('::add-mask::'))
  expect(shown.length).toBeGreaterThan(10)
  expect(shown.filter((line) => hidden.some((one) => line.includes(one)))).toEqual([])
}

const settled = {
  open: undefined,
  verified: 'production/1001.rollback-1/after',
  lease: 'nobody',
  records: ['production/1001/rollback-1 closed done'],
  deployments: ['production/1001/before rolled-back'],
  pins: ['production/1001/rollback-1'],
}

test('the bundles, killed once in every action of a rollback, finish it when the job runs again', async () => {
  const town = await foundTown(200)
  try {
    const at = await broken(town, '000000000004', 4)
    await killedAt(at, ofData)
    const { doors, services, database, store } = await rest(at)
    expect(doors).toEqual(['200 2'])
    expect(services.map(({ taskDefinition, tasks }) => `${taskDefinition} ${tasks}`)).toEqual(
      servicesBefore,
    )
    expect(database).toEqual({
      serving: 'acme-production-rollback',
      applied: ['20260901000000', '20260902000000'],
      seeded: 100,
      instances: ['acme-production', 'acme-production-rollback'],
      snapshots: ['pre-migration-<time> available', 'pre-rollback-<time> available'],
    })
    expect(store).toMatchObject(settled)
    at.clients.close()
  } finally {
    await town.close()
  }
}, 300_000)

test('killed in migration, configuration, front end and label they take back a release that is bad in everything', async () => {
  const town = await foundTown(200)
  try {
    const at = await broken(town, '000000000011', 11)
    await killedAt(at, ofTheRest)
    const { doors, services, database, site, configuration, store } = await rest(at)
    expect(doors).toEqual(['200 2'])
    expect(services.map(({ taskDefinition, tasks }) => `${taskDefinition} ${tasks}`)).toEqual(
      servicesBefore,
    )
    expect(database).toMatchObject({
      serving: 'acme-production',
      applied: ['20260901000000', '20260902000000'],
      seeded: 100,
    })
    expect(site).toEqual({ release: '2', whole: true, version: '2', api: 200 })
    expect(configuration).toEqual({
      key: 'the first',
      labels: ['AWSCURRENT,rollback-production-after,rollback-production-before', 'AWSPREVIOUS'],
      flags: '3 {"pageSize":20}',
    })
    expect(store).toMatchObject(settled)
    at.clients.close()
  } finally {
    await town.close()
  }
}, 300_000)
