import { GetSecretValueCommand, ListSecretVersionIdsCommand } from '@aws-sdk/client-secrets-manager'
import { expect } from '@jest/globals'
import {
  databaseSecret,
  eventually,
  type Outside,
  startTraffic,
} from '../../packages/sandbox/sample/index.ts'
import { type Company, changesOf, type Told } from './town.ts'

/** Services and database without what customers change all the time. */
export const standing = ({ services, database }: Outside) => ({
  services,
  instance: database.instance,
  applied: database.applied,
})

/** The system serves a release at all doors, reads and writes for customers included. */
export async function expectServing(
  one: Company,
  release: string,
  commit: string,
): Promise<Outside> {
  const outside = await one.look()
  expect(outside.doors).toEqual(outside.doors.map(() => ({ status: 200, release, commit })))
  const visitors = startTraffic(one.url, { tokenKey: one.tokenKey, rate: 50 })
  await eventually('some customers', async () => visitors.seen().ok > 20 || undefined)
  const { failed, acknowledged } = await visitors.stop()
  expect(failed).toBe(0)
  const { refs } = (await one.look()).database
  expect(acknowledged.filter(({ ref }) => !refs.has(ref))).toEqual([])
  return outside
}

/** The caller's own steps never began, and only the store was written. */
export function expectNotBegun(told: Told): void {
  expect(told.ok).toBe(false)
  expect(told.steps.map(({ name }) => name)).not.toContain('./scripts/migrate')
  expect(told.steps.map(({ name }) => name)).not.toContain('./scripts/deploy')
  expect(changesOf(told, 'deploy')).toEqual([])
}

/** Every value that a secret ever had. */
export async function valuesOf({ clients }: Company, SecretId: string): Promise<readonly string[]> {
  const { Versions = [] } = await clients.secrets.send(
    new ListSecretVersionIdsCommand({ SecretId, IncludeDeprecated: true }),
  )
  return Promise.all(
    Versions.map(async ({ VersionId = '' }) => {
      const one = await clients.secrets.send(new GetSecretValueCommand({ SecretId, VersionId }))
      return String(one.SecretString)
    }),
  )
}

/** The connection strings that ever led to the database, and their passwords as spelled there and as they are. */
export async function connectionSecrets(company: Company): Promise<readonly string[]> {
  const strings = await valuesOf(company, databaseSecret)
  return strings.flatMap((text) => {
    const { password } = new URL(text)
    return [text, password, decodeURIComponent(password)]
  })
}

/** A value as a whole, line by line, and as a part of a URL. */
export const spelled = (values: readonly string[]) =>
  values.flatMap((value) => [value, ...value.split('\n'), encodeURIComponent(value)])
