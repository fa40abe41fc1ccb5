import { GetParameterHistoryCommand } from '@aws-sdk/client-ssm'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import {
  type Outside,
  type Release,
  releases,
  tokenSecret,
} from '../../packages/sandbox/sample/index.ts'
import { siteOf } from '../../packages/sandbox/sample/site.ts'
import { means, type Visitor, type Visits, visitSite } from '../support/browser.ts'
import { allVersions, documentsOf } from './documents.ts'
import { connectionSecrets, expectServing, spelled, standing, valuesOf } from './expectations.ts'
import {
  begins,
  type Company,
  everythingSaid,
  foundTown,
  outcomeOf,
  stepOf,
  type Told,
  type Town,
} from './town.ts'
import { expectVisited, expectWhole, kindsOf } from './whole.ts'

/** Release 11 is bad in everything at once: code, a migration, configuration and front end. All of it goes back, in order. */
let town: Town
let company: Company
let good: Outside
let told: Told
let visits: Visits

const assetsOf = (release: Release) =>
  Object.keys(siteOf(release)).filter((path) => path.startsWith('assets/'))

beforeAll(async () => {
  town = await foundTown()
  company = await town.settle('666666666666', { everything: true })
  expect(await company.ship(2)).toMatchObject({ ok: true })
  good = await expectServing(company, '2', company.repository.commitOf(2))
  const [by] = await means()
  let visitor: Promise<Visitor> | undefined
  told = await company.ship(11, [2], {
    onEvent: (event) => {
      if (event.job === 'rollback' && begins(event, 'plan'))
        visitor ??= visitSite(String(company.front?.url), { by, guests: 2, lingers: 100 })
    },
  })
  if (visitor === undefined) throw new Error('no rollback began')
  visits = await (await visitor).stop()
}, 240_000)

afterAll(() => town?.close(), 60_000)

describe('a release that is bad in everything', () => {
  test('is red at every check, and goes back by itself', async () => {
    expect(told).toMatchObject({ ok: false, jobs: { deploy: 'failure', rollback: 'success' } })
    expect(outcomeOf(told, 'close')).toBe('done')
    const documents = await documentsOf(company)
    expect(documents[`${told.runId}/rollback-1`]).toMatchObject({
      profile: 'B',
      consent: 'not-needed',
      state: 'closed',
      outcome: 'done',
    })
  })

  test('leaves everything as it was: services, schema, secrets, parameters, every file of the site', async () => {
    const outside = await expectServing(company, '2', company.repository.commitOf(2))
    expect(standing(outside)).toEqual(standing(good))
    expectWhole(outside, good)
    await expectVisited(company, '2')
  })

  test('goes back in the order of profile B', async () => {
    expect(kindsOf(told)).toEqual(['code', 'config', 'site'])
    const journal = (await documentsOf(company))[`${told.runId}/rollback-1`].journal
    const kinds = journal.map(({ component }: { component: string }) => component)
    expect([...new Set(kinds)]).toEqual(['ecs', 'migrations', 'config', 'site'])
    const first = (kind: string) => kinds.indexOf(kind)
    const starts = journal.findIndex(
      ({ operation }: { operation: string }) => operation === 'start',
    )
    expect(first('migrations')).toBeLessThan(first('config'))
    expect(first('config')).toBeLessThan(starts)
    expect(starts).toBeLessThan(first('site'))
  })

  test('shows nobody a page without its files: only what the bad build never held was missing', () => {
    const { site: _broken, ...intact } = releases[11]
    const held = [...assetsOf(releases[2]), ...assetsOf(releases[11])]
    const never = assetsOf(intact).filter((path) => !held.includes(path))
    expect(never).toHaveLength(1)
    const missing = visits.missing.filter((one) => one.includes('/assets/'))
    expect(visits.loads).toBeGreaterThan(5)
    expect(missing.filter((one) => !one.endsWith(String(never[0])))).toEqual([])
  })

  test('tells in its plan what differs, in which order it goes back, and that nothing is lost', () => {
    const { summary } = stepOf(told, 'plan')
    for (const part of [
      /secret acme\/production\/jwt-secret/,
      /front end/,
      /stop writers → down migrations → secrets and parameters → code/,
      /Data that is lost.*nothing/,
    ])
      expect(summary).toMatch(part)
  })
})

test('its last summary tells the whole story, with a chart and a table for each component', () => {
  const { summary } = stepOf(told, 'close')
  for (const part of [
    /\| Performed by \| pat, by the verdict of verify-health: run \d+ \|/,
    /\| bad traffic ended \| \S+Z \| \S.* \| \S.* \|/,
    /```mermaid\ngantt\n(.*\n)*? {2}section Front end\n/,
    /### Services\n\n.*\n.*\n\| api-gateway \| acme-api-gateway:3 → acme-api-gateway:2 \|/,
    /### Migrations\n/,
    /### Secrets and parameters\n/,
    /is pinned and will not be deployed again/,
  ])
    expect(summary).toMatch(part)
})

test('GitHub shows the release as failed and its rollback as a success', async () => {
  const { github } = town.sandbox
  if (!github) throw new Error('no stand-in')
  const authorization = `Bearer ${github.token('acme/shop', { deployments: 'read' })}`
  type Shown = readonly { readonly id: number; readonly task?: string; readonly state?: string }[]
  const ask = async (path: string): Promise<Shown> => {
    const url = `${github.url}/repos/acme/shop/${path}`
    return (await (await fetch(url, { headers: { authorization } })).json()) as Shown
  }
  const [rollback, release] = await ask('deployments')
  const stateOf = async (id: number | undefined) =>
    (await ask(`deployments/${id}/statuses`)).at(0)?.state
  expect([rollback?.task, await stateOf(rollback?.id)]).toEqual(['rollback', 'success'])
  expect([release?.task, await stateOf(release?.id)]).toEqual(['deploy', 'failure'])
})

test('no secret is in any log, summary, output, file or document', async () => {
  const keys = await valuesOf(company, tokenSecret)
  const name = Object.keys(good.configuration ?? {}).find((one) => one !== tokenSecret) ?? ''
  const { Parameters = [] } = await company.clients.ssm.send(
    new GetParameterHistoryCommand({ Name: name }),
  )
  expect(keys.length).toBeGreaterThan(1)
  expect(Parameters.length).toBeGreaterThan(1)
  const hidden = [
    ...(await connectionSecrets(company)),
    ...spelled(keys),
    ...Parameters.map(({ Value }) => String(Value)),
  ]
  const { texts } = await allVersions(company)
  const places = [
    ...company.runs.map((run) => [`run ${run.runId}`, everythingSaid(run)]),
    ...texts.map(({ key, text }) => [key, text]),
  ]
  const leaks = places.filter(([, text]) => hidden.some((secret) => text?.includes(secret)))
  expect(leaks.map(([where]) => where)).toEqual([])
})
