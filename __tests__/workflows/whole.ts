import { expect } from '@jest/globals'
import { isWhole, type Outside, startVisitors } from '../../packages/sandbox/sample/index.ts'
import { standing } from './expectations.ts'
import type { Company, Told } from './town.ts'

/** A company with a front end and configuration, beside what every company has. */

/** Files of the site by content, and every setting by its value: what must be the same again. */
const whole = ({ site, configuration = {} }: Outside) => ({
  page: [site?.release, site?.commit],
  files: site?.files.map(({ path, status, type, cacheControl, sha256 }) => [
    ...[path, status, type, cacheControl, sha256],
  ]),
  settings: Object.entries(configuration)
    .map(([name, { mark }]) => [name, mark])
    .sort(),
})

/** Everything is as it was: services, database, every file of the site, every value of the configuration. */
export function expectBack(now: Outside, good: Outside): void {
  expect(standing(now)).toEqual(standing(good))
  expectWhole(now, good)
}

/** Front end and configuration are as they were. */
export function expectWhole(now: Outside, good: Outside): void {
  expect(now.site && isWhole(now.site)).toBe(true)
  expect(whole(now)).toEqual(whole(good))
}

/** Visitors meet a whole page of one release, and the API behind it. */
export async function expectVisited(company: Company, release: string): Promise<void> {
  const visitors = startVisitors(String(company.front?.url), 40)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const { ok, failed, releases } = await visitors.stop()
  expect(ok).toBeGreaterThan(5)
  expect({ failed, releases }).toEqual({ failed: 0, releases: [release] })
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^site:|^cloudfront:/, 'site'],
  [/^secretsmanager:UpdateSecretVersionStage|^ssm:/, 'config'],
  [/^rds:|^secretsmanager:PutSecretValue/, 'database'],
  [/^ecs:/, 'code'],
]

/** The kinds of things that a rollback changed, each once, in the order of its first change. */
export const kindsOf = ({ changes }: Told): readonly string[] => [
  ...new Set(
    changes.rollback.flatMap((change) => kinds.find(([calls]) => calls.test(change))?.[1] ?? []),
  ),
]
