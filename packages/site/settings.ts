import { InputError } from '#core'
import type { Created } from './decide.ts'
import { type Destination, parseDestination } from './destination.ts'
import type { Site } from './state.ts'

export const modes = ['capture', 'restore'] as const
export type Mode = (typeof modes)[number]

/** What the action does, to which site. */
export type SiteSettings = { readonly mode: 'capture'; readonly site: Site } | RestoreSettings

export interface RestoreSettings {
  readonly mode: 'restore'
  readonly site: Site
  /** The record's own destination when it names none. */
  readonly destination: Destination | undefined
  readonly record: string | undefined
  readonly created: Created
  /** Where the site is served, to look at what arrives there; not looked at when left out. */
  readonly url: string | undefined
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
  const problems = [
    ...(bucket === undefined
      ? ['bucket: give it, or site.bucket in the configuration of the environment']
      : []),
    ...('problem' in to ? [to.problem] : []),
    ...misplaced(given),
  ]
  if (bucket === undefined || 'problem' in to || problems.length > 0) throw new InputError(problems)
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
  }
}

/** Inputs that mean nothing in this mode: what seems to work must work. */
function misplaced({ mode, record, url }: SiteInputs): readonly string[] {
  if (mode === 'restore') return []
  return [
    ...(record === undefined ? [] : ['record: mode capture writes nothing down; leave it out']),
    ...(url === undefined ? [] : ['url: mode capture looks at nothing served; leave it out']),
  ]
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
