import { InputError } from '#core'
import type { Created } from './decide.ts'
import { type Destination, parseDestination } from './destination.ts'
import type { Site } from './state.ts'
import { type CacheRule, parseCacheRules } from './types.ts'

export const modes = ['capture', 'restore', 'redeploy'] as const
export type Mode = (typeof modes)[number]

/** What the action does, to which site. */
export type SiteSettings =
  | { readonly mode: 'capture'; readonly site: Site }
  | RestoreSettings
  | RedeploySettings

/** What everything that changes a site is told. */
export interface Changing {
  readonly site: Site
  readonly record: string | undefined
  readonly created: Created
  /** Where the site is served, to look at what arrives there; not looked at when left out. */
  readonly url: string | undefined
}

export interface RestoreSettings extends Changing {
  readonly mode: 'restore'
  /** The record's own destination when it names none. */
  readonly destination: Destination | undefined
}

export interface RedeploySettings extends Changing {
  readonly mode: 'redeploy'
  /** The folder of the build. */
  readonly build: string
  readonly rules: readonly CacheRule[]
  /** True when a build without an index page is meant. */
  readonly withoutIndex: boolean
}

/** The inputs of the action that settings are made of. */
export interface SiteInputs {
  readonly mode: Mode
  readonly bucket?: string | undefined
  readonly prefix?: string | undefined
  readonly distribution?: string | undefined
  readonly to: string
  readonly record?: string | undefined
  readonly created: Created
  readonly url?: string | undefined
  readonly build?: string | undefined
  readonly 'cache-control'?: string | undefined
  readonly 'without-index'?: boolean
}

/** The part of an environment's configuration that says where its site is. */
export interface SiteConfig {
  readonly bucket: string
  readonly prefix?: string | undefined
  readonly distribution?: string | undefined
}

export interface SiteEnvironment {
  readonly site?: SiteConfig | undefined
}

/** A site as the rest of the package knows it: its prefix is a folder, so `app` never means `apple/` too. */
export const siteOf = ({ bucket, prefix = '', distribution }: SiteConfig): Site => ({
  bucket,
  prefix: prefix.replace(/^\/+/, '').replace(/\/*$/, '/').replace(/^\/$/, ''),
  distribution,
})

/** Merges inputs over the configuration. Throws `InputError` with every problem. */
export function settings(
  given: SiteInputs,
  environment: SiteEnvironment | undefined,
): SiteSettings {
  const configured = environment?.site
  const bucket = given.bucket ?? configured?.bucket
  // Another bucket than the configured one is another site: its prefix and distribution are not meant.
  const rest =
    given.bucket === undefined || given.bucket === configured?.bucket ? configured : undefined
  const to = destinationOf(given)
  const cache = parseCacheRules(given['cache-control'] ?? '')
  const problems = [
    ...(bucket === undefined
      ? ['bucket: give it, or site.bucket in the configuration of the environment']
      : []),
    ...('problem' in to ? [to.problem] : []),
    ...('problem' in cache ? [cache.problem] : []),
    ...misplaced(given),
  ]
  if (bucket === undefined || 'problem' in to || 'problem' in cache || problems.length > 0) {
    throw new InputError(problems)
  }
  const site = siteOf({
    bucket,
    prefix: given.prefix ?? rest?.prefix,
    distribution: given.distribution ?? rest?.distribution,
  })
  const { record, created, url } = given
  switch (given.mode) {
    case 'capture':
      return { mode: 'capture', site }
    case 'restore':
      return { mode: 'restore', site, destination: to.destination, record, created, url }
    case 'redeploy': {
      const { build = '', 'without-index': withoutIndex = false } = given
      const { rules } = cache
      return { mode: 'redeploy', site, build, rules, withoutIndex, record, created, url }
    }
  }
}

/** Inputs that mean nothing in this mode: what seems to work must work. */
function misplaced(given: SiteInputs): readonly string[] {
  const { mode, record, url, build } = given
  const ofBuild = [
    ...(build === undefined ? [] : ['build']),
    ...(given['cache-control'] === undefined ? [] : ['cache-control']),
    ...(given['without-index'] ? ['without-index'] : []),
  ].map((name) => `${name}: only mode redeploy takes a build; leave it out`)
  switch (mode) {
    case 'capture':
      return [
        ...(record === undefined ? [] : ['record: mode capture writes nothing down; leave it out']),
        ...(url === undefined ? [] : ['url: mode capture looks at nothing served; leave it out']),
        ...ofBuild,
      ]
    case 'restore':
      return ofBuild
    case 'redeploy':
      return build === undefined ? ['build: mode redeploy needs the folder of a build'] : []
  }
}

function destinationOf(
  given: SiteInputs,
): { readonly destination: Destination | undefined } | { readonly problem: string } {
  if (given.mode !== 'restore') {
    return given.to === 'auto'
      ? { destination: undefined }
      : { problem: `to: mode ${given.mode} has no destination: leave it out` }
  }
  const parsed = parseDestination(given.to)
  if (given.record === undefined || 'problem' in parsed) return parsed
  if (given.to === 'auto') return { destination: undefined }
  return parsed.destination.by !== 'point'
    ? parsed
    : {
        problem:
          'to: the destination is the one of the record: leave it out when record is given, or name a time or manifest:<sha256>',
      }
}

/** Where this mode writes down what it does; a capture changes nothing that a rollback would have to undo. */
export const siteJournal = ({ mode }: Pick<SiteInputs, 'mode'>): 'none' | 'record' =>
  mode === 'capture' ? 'none' : 'record'
