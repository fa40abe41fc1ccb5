import { codeOf, isDenied } from '#aws'
import { CallError, type Capture, type Captured, InputError, type Result, type Run } from '#core'
import type { SiteState, Store } from '#store'
import type { SiteClients } from './client.ts'
import { seeDistribution } from './invalidate.ts'
import { expiries } from './lifecycle.ts'
import { unversioned, versioningOf } from './look.ts'
import { keepManifest, takeManifest } from './manifest.ts'
import { type SiteConfig, siteOf } from './settings.ts'
import { locationOf, type Site } from './state.ts'
import { counted } from './table.ts'

/**
 * How a site takes part in a restore point. The bucket is only read; the manifest is written into the store, before any
 * point refers to it, unless it is there already or this is a dry run.
 */
export function captureSite(
  clients: SiteClients,
  config: SiteConfig,
  store: Store,
): Capture<SiteState> {
  const site = siteOf(config)
  return async (run: Run): Promise<Captured<SiteState>> => {
    const problems = await problemsOf(clients, site)
    const taken = await takeManifest(clients, site, store)
    if (!run.dryRun) await keepManifest(store, taken)
    const { manifest } = taken.state
    return {
      state: taken.state,
      problems,
      warnings: [...(await expiry(clients, site)), ...taken.doubts.slice(0, 10)],
      rows: [
        [
          `site ${locationOf(site)}`,
          `${counted(manifest.objects, 'object')}, manifest ${manifest.sha256.slice(0, 12)}`,
        ],
      ],
    }
  }
}

/** What would make a rollback of the site impossible right now. */
async function problemsOf(clients: SiteClients, site: Site): Promise<readonly string[]> {
  const status = unversioned(site.bucket, await versioningOf(clients, site))
  const distribution = await distributionProblem(clients, site)
  return [
    ...(status === undefined
      ? []
      : [
          `${status}: enable it (aws s3api put-bucket-versioning --bucket ${site.bucket} --versioning-configuration Status=Enabled)`,
        ]),
    ...(distribution === undefined ? [] : [distribution]),
  ]
}

async function distributionProblem(
  clients: SiteClients,
  { distribution }: Site,
): Promise<string | undefined> {
  if (distribution === undefined) return undefined
  try {
    await seeDistribution(clients, distribution)
    return undefined
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    if (!isDenied(thrown) && codeOf(thrown) !== 'NoSuchDistribution') throw thrown
    return `${thrown.message}; ${thrown.next}`
  }
}

/** Until when the versions of this moment are there to go back to. */
async function expiry(clients: SiteClients, site: Site): Promise<readonly string[]> {
  const { rules, unknown } = await expiries(clients, site)
  const warnings = rules.map(({ text }) => `${text}: the site can go back here until then`)
  return unknown === undefined ? warnings : [unknown]
}

/** The action's mode capture: the manifest alone, for a deployment without a restore point. */
export async function captureAlone(
  run: Run,
  ports: { readonly clients: SiteClients; readonly store: Store | undefined },
  site: Site,
): Promise<Result> {
  if (ports.store === undefined) {
    throw new InputError([
      'store: a manifest lies in a store: give the input environment, and store or a configuration file',
    ])
  }
  const { distribution, ...rest } = site
  const config = { ...rest, ...(distribution ? { distribution } : {}) }
  const captured = await captureSite(ports.clients, config, ports.store)(run)
  const { manifest } = captured.state
  const warnings = captured.warnings.map((warning) => [warning])
  const sections = [
    { title: 'What is served now', columns: ['thing', 'state'], rows: captured.rows },
    ...(warnings.length > 0 ? [{ title: 'Warnings', columns: ['warning'], rows: warnings }] : []),
  ]
  if (captured.problems.length > 0) {
    return {
      outcome: 'refused',
      headline: `${locationOf(site)} could not be rolled back: ${captured.problems.join('; ')}`,
      sections,
      next: captured.problems,
    }
  }
  return {
    outcome: run.dryRun ? 'planned' : 'done',
    headline: `${locationOf(site)}: ${counted(manifest.objects, 'object')} recorded in manifest ${manifest.sha256.slice(0, 12)}`,
    sections,
    outputs: { manifest: `manifest:${manifest.sha256}` },
    data: { ...captured.state },
  }
}
