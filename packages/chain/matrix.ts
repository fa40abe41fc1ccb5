import type { Profile } from '#store'

/** What became of the schema since the destination, from the ledger and the judged files of the release. */
export type Schema =
  /** No migrations are named. */
  | 'unknown'
  | 'same'
  /** Only additions, which older code does not notice. */
  | 'additions'
  /** Every migration that breaks older code has a down that takes it back and loses nothing. */
  | 'reversible'
  /** Every one has a down that works, and at least one of them loses what was written since. */
  | 'lossy'
  /** At least one cannot be taken back by its down, or a migration disappeared. */
  | 'irreversible'
  | 'unreadable'

/** What the way back is chosen from. */
export interface Situation {
  readonly schema: Schema
  /** Whether things that the destination names are gone: services, secrets, a bucket. */
  readonly incomplete: boolean
}

/** One row of the decision matrix. */
export interface Way {
  /** In words, for people. */
  readonly when: string
  readonly applies: (situation: Situation) => boolean
  readonly profile: Profile
  /** What becomes of the schema and the data. */
  readonly database: string
  readonly consent: boolean
  readonly lost: string
  /** Nothing is begun: the plan refuses. */
  readonly refused?: true
}

const stays: readonly Schema[] = ['unknown', 'same', 'additions']

/** Whether older code can live with the schema as it is. */
export const schemaStays = (schema: Schema): boolean => stays.includes(schema)

const schemaIs =
  (...schemas: readonly Schema[]) =>
  ({ schema }: Situation) =>
    schemas.includes(schema)

/**
 * The decision matrix: the first row that applies is taken. Data is touched only where older code cannot live with the schema,
 * by the down migrations where they lose nothing, and never without consent where something is lost (P1).
 */
export const matrix: readonly Way[] = [
  {
    when: 'services, secrets or a bucket of the destination are gone, and the schema may stay',
    applies: ({ schema, incomplete }) => incomplete && schemaStays(schema),
    profile: 'D',
    database: 'stays',
    consent: false,
    lost: 'nothing',
  },
  {
    when: 'services, secrets or a bucket of the destination are gone, and the schema may not stay',
    applies: ({ incomplete }) => incomplete,
    profile: 'D',
    database: 'stays',
    consent: false,
    lost: 'nothing',
    refused: true,
  },
  {
    when: 'no migrations are named, or none was applied',
    applies: schemaIs('unknown', 'same'),
    profile: 'A',
    database: 'stays',
    consent: false,
    lost: 'nothing',
  },
  {
    when: 'only additions: `CREATE TABLE`, `ADD COLUMN` (nullable or with a default), `CREATE INDEX`',
    applies: schemaIs('additions'),
    profile: 'A',
    database: 'stays, with the additions',
    consent: false,
    lost: 'nothing',
  },
  {
    when: 'other migrations, and every one has a down that loses nothing',
    applies: schemaIs('reversible'),
    profile: 'B',
    database: 'down migrations',
    consent: false,
    lost: 'nothing',
  },
  {
    when: 'other migrations, and a down of them drops what was written since',
    applies: schemaIs('lossy'),
    profile: 'B',
    database: 'down migrations',
    consent: true,
    lost: 'what was written into the dropped columns and tables since',
  },
  {
    when: 'a migration that no down takes back (destroying, without down, not understood), or one that disappeared',
    applies: schemaIs('irreversible'),
    profile: 'C',
    database: 'restored from the snapshot of the deployment, beside the old one',
    consent: true,
    lost: 'everything written since the snapshot',
  },
  {
    when: 'the ledger cannot be read',
    applies: schemaIs('unreadable'),
    profile: 'C',
    database: 'restored from the snapshot of the deployment, beside the old one',
    consent: true,
    lost: 'everything written since the snapshot',
  },
]

/** The way back in a situation. */
export function wayIn(situation: Situation): Way {
  const found = matrix.find(({ applies }) => applies(situation))
  if (!found) throw new Error(`no way back is known for ${JSON.stringify(situation)}`)
  return found
}

/** The steps of a rollback, by the ids that the workflow gives them. */
export type Step =
  | 'stop'
  | 'migrations'
  | 'config'
  | 'restore'
  | 'code'
  | 'readers'
  | 'start'
  | 'site'
  | 'verify'

/**
 * The order of each profile. A: consumers go back before providers, and configuration before the code that reads it at its start.
 * B: nobody writes while the schema goes back, old code starts on the old schema, and the front end follows the API that it needs.
 * C: the same around the restore. D is A behind what a person puts back first.
 */
export const orders: Readonly<Record<Profile, readonly Step[]>> = {
  A: ['site', 'config', 'code', 'readers', 'verify'],
  B: ['stop', 'migrations', 'config', 'code', 'readers', 'start', 'site', 'verify'],
  C: ['stop', 'config', 'restore', 'code', 'readers', 'start', 'site', 'verify'],
  D: ['site', 'config', 'code', 'readers', 'verify'],
}

/** What a step does, in words. */
export const stepWords: Readonly<Record<Step, string>> = {
  stop: 'stop writers',
  migrations: 'down migrations',
  config: 'secrets and parameters',
  restore: 'restore the database beside the old one and cut over',
  code: 'code',
  readers: 'restart services that read what changed',
  start: 'start writers',
  site: 'front end',
  verify: 'verify',
}

const profileWords: Readonly<Record<Profile, string>> = {
  A: 'the schema may stay',
  B: 'the schema goes back by its down migrations',
  C: 'the data goes back',
  D: 'something is gone that a person puts back first',
}

/** The decision matrix and the orders for a page of the documentation, as rows of cells. */
export const matrixTables = {
  ways: matrix.map(({ when, profile, database, consent, lost, refused }) => [
    when,
    refused ? 'refused' : profile,
    refused ? 'put back what is gone first, then press the button' : database,
    consent ? 'needed' : 'not needed',
    lost,
  ]),
  orders: Object.entries(orders).map(([profile, steps]) => [
    `${profile}: ${profileWords[profile as Profile]}`,
    steps.map((step) => stepWords[step]).join(' → '),
  ]),
}
