import { z } from 'zod'
import { outcomes, verdicts } from '#core'

/** What the store keeps, version 1. Every document says its version, environment, account and region, and is checked when read. */

const moment = z.iso.datetime()
const text = z.string()
const digest = z.string().regex(/^sha256:[0-9a-f]{64}$/)

/** A target group, as far as it decides whether a task is healthy. */
export const targetGroupState = z.object({
  /** The end of its ARN: `web/73e2d6bc24d8a067`. */
  name: text,
  protocol: text,
  /** A number, or `traffic-port`. */
  port: text,
  path: text.optional(),
  /** Status codes that count as healthy, as AWS writes them: `200-299`. */
  matcher: text.optional(),
})
export type TargetGroupState = z.infer<typeof targetGroupState>

/** One ECS service as it ran: by container name, image and digest; a digest that could not be learned is left out. */
export const serviceState = z.object({
  name: text,
  /** `family:revision`. */
  taskDefinition: text,
  /** `family:revision` that a rollback registered this one as a copy of. */
  copyOf: text.optional(),
  desiredCount: z.int().min(0),
  /** What CodeDeploy was bringing: a newer task set, without production traffic yet. */
  coming: z.object({ taskSet: text, taskDefinition: text }).optional(),
  /** The last part of the service revision's ARN. */
  serviceRevision: text.optional(),
  containers: z.array(z.object({ name: text, image: text, digest: digest.optional() })),
  /** How its load balancers check its tasks; left out by earlier versions and where it could not be read. */
  targetGroups: z.array(targetGroupState).optional(),
})
export type ServiceState = z.infer<typeof serviceState>

/** The database that a connection secret resolved to. */
export const databaseState = z.object({
  /** The instance identifier at capture. */
  instance: text,
  /** `db-…`: kept on rename, new on restore. */
  resourceId: text,
  engine: text,
  endpoint: z.object({ address: text, port: z.int() }),
  database: text,
  /** The connection secret's name and the version that was AWSCURRENT. */
  connection: z.object({ secret: text, version: text }),
})
export type DatabaseState = z.infer<typeof databaseState>

/** A migration file of the release that is being deployed, judged before it is applied. */
export const pendingMigration = z.object({
  version: text,
  name: text,
  sha256: z.string(),
  /** True only when every statement is CREATE TABLE, ADD COLUMN (nullable or with default) or CREATE INDEX. */
  additive: z.boolean(),
  why: text,
  /**
   * What its down does. `lossless`: it takes back everything the up did and loses nothing. `lossy`: it runs, and rows or values
   * written since are lost. `impossible`: the down is missing, empty or not understood, or the up destroyed what no down brings
   * back.
   */
  undo: z.object({ is: z.enum(['lossless', 'lossy', 'impossible']), why: text }),
})
export type PendingMigration = z.infer<typeof pendingMigration>

/** The ledger of migrations and the fingerprint of the schema. */
export const ledgerState = z.object({
  tool: z.enum(['dbmate', 'goose', 'sqlx', 'ledger']),
  table: text,
  applied: z.array(text),
  schemaFingerprint: z.string(),
  /** The files are kept in the store by their hash: a rollback needs those of the failed release, wherever it runs. */
  pending: z.array(pendingMigration),
})
export type LedgerState = z.infer<typeof ledgerState>

/** Which version of each secret and parameter was in force. Ids and numbers, never values. */
export const configState = z.object({
  secrets: z.array(
    z.object({
      name: text,
      /** The id of the version that was AWSCURRENT. */
      version: text,
      /** When the secret had been rotated last; left out when never. A later rotation forbids going back. */
      rotatedAt: moment.optional(),
    }),
  ),
  parameters: z.array(
    z.object({
      name: text,
      version: z.int().min(1),
      type: z.string(),
      /** When this version was written: tells it from one of a parameter that was made anew under the same name. */
      modifiedAt: moment,
    }),
  ),
})
export type ConfigState = z.infer<typeof configState>

/** A site, by the manifest of its object versions: a document of its own, because a point must stay small. */
export const siteState = z.object({
  bucket: text,
  /** Empty, or a folder with its slash. */
  prefix: z.string(),
  distribution: text.optional(),
  manifest: z.object({
    /** Where it lies in the store. */
    key: text,
    /** Of the document's bytes; equal for equal versions of all objects. */
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    objects: z.int().min(0),
    bytes: z.int().min(0),
  }),
})
export type SiteState = z.infer<typeof siteState>

/** What runs at one moment, by component kind. */
export const components = z.object({
  ecs: z.object({ cluster: text, services: z.array(serviceState) }).optional(),
  rds: databaseState.optional(),
  migrations: ledgerState.optional(),
  config: configState.optional(),
  site: siteState.optional(),
})
export type Components = z.infer<typeof components>

/** One mutation, written down before it was sent. `detail` never holds a secret. */
export const journalEntry = z.object({
  at: moment,
  run: text,
  component: text,
  operation: text,
  on: text,
  detail: z.json().optional(),
})

/** The snapshot that a deployment took before its own migrations. */
export const snapshotState = z.object({
  id: text,
  instance: text,
  resourceId: text,
  status: z.enum(['intended', 'available', 'failed']),
  at: moment,
})
export type SnapshotState = z.infer<typeof snapshotState>

export const deploymentStates = [
  'captured',
  'deploying',
  'verified',
  'held',
  'rolled-back',
  'abandoned',
] as const
export type DeploymentState = (typeof deploymentStates)[number]

/** What verify-health said. */
export const verdictState = z.object({
  ...{ verdict: z.enum(verdicts), why: text, at: moment, run: text },
  /** The first bad look of the checks that made it. */
  firstBad: moment.optional(),
  /** Looks that failed, of all that said something of what was verified. */
  looks: z.object({ failed: z.int().min(0), of: z.int().min(0) }).optional(),
})
export type VerdictState = z.infer<typeof verdictState>

/** The life of the deployment that the point was taken for; the point is its journal. */
export const deployment = z.object({
  state: z.enum(deploymentStates),
  history: z.array(z.object({ state: z.enum(deploymentStates), at: moment, run: text, why: text })),
  snapshot: snapshotState.optional(),
  verdict: verdictState.optional(),
  journal: z.array(journalEntry),
})
export type Deployment = z.infer<typeof deployment>

const envelope = {
  version: z.literal(1),
  environment: text,
  account: z.string().regex(/^\d{12}$/),
  region: text,
}

/** The current version of every object of a site at one moment: `[key, version id, ETag, size]`, in S3's order. */
export const siteManifest = z.object({
  kind: z.literal('site-manifest'),
  ...envelope,
  bucket: text,
  prefix: z.string(),
  objects: z.array(z.tuple([text, text, z.string(), z.int().min(0)])),
})
export type SiteManifest = z.infer<typeof siteManifest>

/** A restore point. Its id is `<environment>/<run id>/before` or `…/after`. */
export const pointSchema = z.object({
  kind: z.literal('restore-point'),
  ...envelope,
  id: text,
  point: z.enum(['before', 'after']),
  takenAt: moment,
  repository: text,
  /** For `before` the commit that is about to be deployed; for `after` the commit that runs. */
  sha: text,
  run: text,
  /** Verified: known to have been healthy. `held`: a baseline judged it unhealthy, so nothing rolls back to it by itself. */
  verified: z.object({ is: z.boolean(), why: text, held: z.boolean() }),
  fingerprint: z.string(),
  /** The commit that runs in this point, where it is known: for `before` the sha of the last verified point it equals. */
  runs: text.optional(),
  components,
  /** What the checks measured just then, by check name: counts, scalars, names of alarms; never contents. */
  measured: z.record(text, z.json()).optional(),
  /** Only in `before`. */
  deployment: deployment.optional(),
})
export type Point = z.infer<typeof pointSchema>

export const profiles = ['A', 'B', 'C', 'D'] as const
export type Profile = (typeof profiles)[number]

/** How one component of a rollback ended. */
export const partSchema = z.object({
  outcome: z.enum(outcomes),
  headline: text,
  /** When it began; left out by earlier versions. */
  from: moment.optional(),
  at: moment,
  run: text,
  /** What to do after it did not pass. */
  next: z.array(text).optional(),
  /** What it left for a person to know. */
  leaves: z.array(text).optional(),
})

/** What a person may choose to put back; all of them when left out. */
export const componentNames = ['services', 'config', 'site', 'database'] as const
export type ComponentName = (typeof componentNames)[number]

/** When what happened, where it is known: each definition of a recovery time can be derived from them (docs/recovery-time.md). */
export const momentsSchema = z.object({
  /** The first bad evidence of the release that is undone. */
  firstBad: moment.optional(),
  /** The verdict, or the press of the button. */
  detected: moment.optional(),
  /** No task of the bad release, and no file of it, is served any more. */
  badTrafficEnded: moment.optional(),
  /** As many good tasks as desired serve. */
  capacityRestored: moment.optional(),
  /** ECS calls the deployment completed, and old tasks have drained. */
  steady: moment.optional(),
  /** The restored system was verified healthy. */
  confirmed: moment.optional(),
})
export type Moments = z.infer<typeof momentsSchema>

/** When each thing that users meet came back (`ecs web`, `site s3://bucket`), as the first look that saw it says. */
export const reachedSchema = z.record(
  text,
  momentsSchema.pick({ badTrafficEnded: true, capacityRestored: true, steady: true }),
)
export type ReachedMoments = z.infer<typeof reachedSchema>

/** What a release cost before it was gone, where it is known. */
export const impactSchema = z.object({
  /** Looks of our own checks that failed while it ran, and how many there were. */
  looks: z.object({ failed: z.int().min(0), of: z.int().min(0) }).optional(),
  /** Rows that went with a down, counted before: by table, or `table.column` for rows with a value there. */
  rowsLost: z.array(z.object({ table: text, rows: z.int().min(0) })).optional(),
})
export type Impact = z.infer<typeof impactSchema>

/** What was told to GitHub about a rollback, by its numbers. */
export const toldSchema = z.object({
  /** The deployment of the rollback, and the one that was marked as failed. */
  deployment: z.int().optional(),
  failed: z.int().optional(),
  /** The number of the issue. */
  ticket: z.int().optional(),
})
export type ToldGitHub = z.infer<typeof toldSchema>

/** The record of one rollback: opened before the first mutation, closed when verified. */
export const recordSchema = z.object({
  kind: z.literal('record'),
  ...envelope,
  /** `<deployment undone>/rollback-<n>`. */
  id: text,
  repository: text,
  /** `<environment>/<run id>` of the deployment that is undone. */
  undone: text,
  /** The commit that is taken back. */
  from: text,
  /** The restore point that is the destination. */
  to: text,
  profile: z.enum(profiles),
  /** What consent is given to: a hash, see the chain. */
  planId: text,
  consent: z.enum(['not-needed', 'given', 'automatic', 'missing', 'never']),
  reason: text,
  actor: text,
  trigger: z.enum(['verdict', 'no-verdict', 'button']),
  state: z.enum(['open', 'closed']),
  outcome: z.enum(outcomes).optional(),
  openedAt: moment,
  closedAt: moment.optional(),
  closedBy: text.optional(),
  closedWhy: text.optional(),
  runs: z.array(
    z.object({
      ...{ run: text, attempt: z.int(), at: moment, url: text },
      /** True when nobody asked: the scheduled workflow found it unfinished. */
      resumes: z.boolean().optional(),
    }),
  ),
  /** What alone goes back; everything when left out. */
  only: z.array(z.enum(componentNames)).optional(),
  moments: momentsSchema.optional(),
  reached: reachedSchema.optional(),
  impact: impactSchema.optional(),
  told: toldSchema.optional(),
  journal: z.array(journalEntry),
  /** How each action of the rollback ended, by the action's name and mode: `ecs-rollback stop`. */
  parts: z.record(z.string(), partSchema),
  verdict: verdictState.optional(),
})
export type Record = z.infer<typeof recordSchema>

/** A commit that was rolled back and may not be deployed again until released. */
export const pinSchema = z.object({
  kind: z.literal('pin'),
  ...envelope,
  sha: text,
  record: text,
  reason: text,
  at: moment,
  by: text,
  released: z.object({ at: moment, by: text, why: text }).optional(),
})
export type Pin = z.infer<typeof pinSchema>

/** The right to change one environment. */
export const leaseSchema = z.object({
  kind: z.literal('lease'),
  ...envelope,
  owner: z.enum(['deployment', 'rollback', 'nobody']),
  /** The deployment id for which it is held: the holder's own, or the one that its rollback undoes. */
  deployment: text,
  run: text,
  attempt: z.int(),
  /** Raised at each takeover; compared before each mutation. */
  generation: z.int().min(1),
  /** By the server's clock. */
  until: moment,
})
export type Lease = z.infer<typeof leaseSchema>

/** Written by preflight to prove that it may write; nobody reads what it says. */
export const preflightSchema = z.object({
  kind: z.literal('preflight'),
  ...envelope,
  at: moment,
  run: text,
  attempt: z.int(),
})
export type PreflightMark = z.infer<typeof preflightSchema>

/** The few facts of an environment that change in one step. */
export const environmentSchema = z.object({
  kind: z.literal('environment'),
  ...envelope,
  /** The last verified point. */
  verified: text.optional(),
  /** The open record; while there is one every deploy is refused. */
  open: text.optional(),
  /** The newest deployment. */
  latest: text.optional(),
})
export type EnvironmentState = z.infer<typeof environmentSchema>
