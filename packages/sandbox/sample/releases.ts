import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ImageContent } from '../processes/images.ts'
import { installedPackages } from './packages.ts'
import type { Fault } from './programs/program.ts'

/** The services of the sample company; each runs the program of its name. */
export const serviceNames = ['api-gateway', 'event-processor', 'action-workers'] as const
export type ServiceName = (typeof serviceNames)[number]

/** One release as data. */
export interface Release {
  readonly number: ReleaseNumber
  /** What it is, in the demo's words. */
  readonly is: string
  readonly fault: Fault
  /** The migration that it adds. */
  readonly migration?: string
  /** What is wrong with its front end; nothing unless named. */
  readonly site?: SiteFault
  /** The configuration that it brings along; without one it leaves what is there. */
  readonly configuration?: Configuration
}

/** `chunk-missing`: the page refers to a file that its build did not hold. */
export type SiteFault = 'chunk-missing'

/** What a release writes into the environment's configuration. */
export interface Configuration {
  /** The value of the feature flags. */
  readonly flags: string
  /** Whether it makes a new key for customers' tokens, which no token fits that customers have. */
  readonly newKey?: true
}

export type ReleaseNumber = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11

/** The feature flags before any release brought some. */
export const firstFlags = '{"pageSize":20}'

/** The API puts the page size into its queries, and no number is none for a database. */
const wrong: Configuration = { flags: '{"pageSize":"many"}', newKey: true }

/** The releases that stories are told about. */
export const releases: Readonly<Record<ReleaseNumber, Release>> = {
  1: { number: 1, is: 'good', fault: 'none', migration: '20260901000000_base.sql' },
  2: {
    number: 2,
    is: 'good, with an additive migration',
    fault: 'none',
    migration: '20260902000000_labels.sql',
    configuration: { flags: '{"pageSize":25}' },
  },
  3: { number: 3, is: 'answers 5xx', fault: 'answers-5xx' },
  4: {
    number: 4,
    is: 'carries a migration that breaks the queries of every version',
    fault: 'none',
    migration: '20260904000000_titles.sql',
  },
  5: {
    number: 5,
    is: 'good code with a wrong configuration: a page size that is no number, and a signing key that no token fits',
    fault: 'none',
    configuration: wrong,
  },
  6: { number: 6, is: 'cannot start', fault: 'cannot-start' },
  7: {
    number: 7,
    is: 'a broken front end: its page refers to a file that was never uploaded',
    fault: 'none',
    site: 'chunk-missing',
  },
  8: {
    number: 8,
    is: 'renames columns that every version asks for, its own code too, and can rename them back without a loss',
    fault: 'none',
    migration: '20260908000000_states.sql',
  },
  9: {
    number: 9,
    is: 'deletes rows, and a column that every version asks for; its down migration brings none of them back',
    fault: 'none',
    migration: '20260909000000_owners.sql',
  },
  10: {
    number: 10,
    is: 'answers 5xx, and carries an additive migration',
    fault: 'answers-5xx',
    migration: '20260910000000_priorities.sql',
  },
  11: {
    number: 11,
    is: 'bad in everything: answers 5xx, renames a column, and brings a wrong configuration and a broken front end',
    fault: 'answers-5xx',
    migration: '20260911000000_kinds.sql',
    site: 'chunk-missing',
    configuration: wrong,
  },
}

const folder = dirname(fileURLToPath(import.meta.url))

/** The folder with the files that the company's repository is made from. */
export const shopFolder = join(folder, 'shop')

/** The program files run as they are: Node takes the types away. */
const programOf = (service: ServiceName) => {
  const emitted = import.meta.url.endsWith('.js') ? 'js' : 'ts'
  return join(folder, 'programs', `${service}.${emitted}`)
}

/** What a service's image of a release holds. */
export function imageContent(service: ServiceName, { number, fault }: Release): ImageContent {
  return {
    command: [process.execPath, '--disable-warning=ExperimentalWarning', programOf(service)],
    environment: {
      RELEASE: String(number),
      ...(fault !== 'none' && { FAULT: fault }),
      // A task starts in half the time when what the one before it compiled is kept.
      NODE_COMPILE_CACHE: join(installedPackages(), '.cache', 'acme'),
      // The image holds the company's migration tool too.
      PATH: [join(installedPackages(), '.bin'), '/usr/bin', '/bin'].join(delimiter),
    },
  }
}

/** The reference under which a registry of the account keeps a service's image of a release. */
export function imageReference(
  service: ServiceName,
  { number }: Release,
  { account, region }: { readonly account: string; readonly region: string },
): string {
  return `${account}.dkr.ecr.${region}.amazonaws.com/acme/${service}:release-${number}`
}

/** The migration files in the repository at a release that was built on the given earlier ones; 1 is always among them. */
export function migrationsOf(
  number: ReleaseNumber,
  on: readonly ReleaseNumber[],
): readonly string[] {
  const lineage = new Set<ReleaseNumber>([1, ...on, number])
  return [...lineage].flatMap((one) => releases[one].migration ?? []).sort()
}
