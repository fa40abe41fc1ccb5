import { parseDocument } from 'yaml'
import { z } from 'zod'
import {
  accountId,
  bucketName,
  distributionId,
  environmentName,
  keyPrefix,
  parameterName,
  regionName,
  roleArn,
  secretName,
  storeLocation,
} from './common.ts'
import { durationText } from './parsers.ts'

/** A regular expression and not a refinement: the published JSON Schema keeps it, so that editors say it too. */
const span = z.string().regex(durationText, 'expected a duration such as 90s, 15m or 1h30m')

const name = z.string().min(1).max(512)
const names = z.array(name).min(1)

/** ECS services of one cluster. `writers` are those that write to the database; all of them unless named. */
const services = z.strictObject({
  cluster: name,
  names,
  writers: names.optional(),
})

const database = z.strictObject({
  connection: z
    .string()
    .regex(
      /^secret:[\w/+=.@:-]+$/,
      'expected secret:<name or ARN of the secret with the connection string>',
    ),
  'data-restore': z.enum(['ask', 'automatic', 'never']).default('ask'),
  'while-waiting': z.enum(['stopped', 'running']).default('stopped'),
})

/**
 * The service of which a one-off ECS task runs the team's tool, for databases that the runner does not reach by other programs.
 * `variable` is the container's own environment variable with the connection URL. The image needs sh, base64 and gunzip.
 */
const migrationTask = z.strictObject({
  service: name,
  container: name.optional(),
  variable: z
    .string()
    .regex(/^[A-Za-z_]\w*$/, 'expected the name of a variable')
    .default('DATABASE_URL'),
})

/**
 * The ledger of migrations and how a rollback reverts: `auto` is the team's own tool where the runner has it, else our own
 * transaction (`sql`). The two timeouts are PostgreSQL's, for each statement of a down.
 */
const migrations = z.strictObject({
  tool: z.enum(['dbmate', 'goose', 'sqlx', 'ledger']),
  path: z.string().min(1).optional(),
  table: z
    .string()
    .regex(/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/, 'expected table or schema.table')
    .optional(),
  column: z
    .string()
    .regex(/^[A-Za-z_][\w$]*$/, 'expected a column name')
    .optional(),
  revert: z.enum(['auto', 'tool', 'sql', 'task']).default('auto'),
  task: migrationTask.optional(),
  downs: z
    .enum(['optional', 'required'])
    .default('optional')
    .describe(
      'required: a deployment whose migrations break older code and have no down that takes them back is refused',
    ),
  'lock-timeout': span.default('5s'),
  'statement-timeout': span.default('15m'),
})

const distinct = (given: readonly string[]) => new Set(given).size === given.length

/** Names, no ARNs: a name means the same in every account and region (Secrets Manager, CreateSecret). */
const secrets = z
  .array(z.string().regex(secretName, 'expected the name of a secret, not its ARN'))
  .min(1)
  .refine(distinct, 'expected names without doubles')

/** Names, or paths of which everything below counts. */
const parameters = z
  .array(z.string().regex(parameterName, 'expected the name of a parameter, or /path/'))
  .min(1)
  .refine(distinct, 'expected names without doubles')

/** A static site. Without `prefix` it is the whole bucket. */
const site = z.strictObject({
  bucket: z.string().regex(bucketName, 'expected the name of a bucket'),
  prefix: z.string().regex(keyPrefix, 'expected a folder such as app/').optional(),
  distribution: z
    .string()
    .regex(distributionId, 'expected an id such as E1A2B3C4D5E6F7')
    .optional(),
})

const httpCheck = z.strictObject({
  http: z.url({ protocol: /^https?$/ }).regex(/^https?:\/\//, 'expected an http or https URL'),
  name: name.optional(),
  method: z.enum(['GET', 'HEAD', 'POST']).default('GET'),
  headers: z.record(z.string(), z.string()).optional(),
  status: z
    .union([z.int().min(100).max(599), z.array(z.int().min(100).max(599)).min(1)])
    .default(200),
  contains: z.string().min(1).optional(),
  json: z
    .record(
      z.string().regex(/^\./, 'expected a path such as .commit'),
      z.union([z.string(), z.number(), z.boolean(), z.null()]),
    )
    .optional(),
  'latency-below': span.optional(),
  timeout: span.default('5s'),
  version: z
    .union([
      z.strictObject({ json: z.string().regex(/^\./, 'expected a path such as .commit') }),
      z.strictObject({ header: name }),
    ])
    .optional(),
})

const ecsCheck = z.strictObject({ ecs: z.literal(true), name: name.optional() })

/** Names, or a prefix that names all alarms which begin with it (CloudWatch: at most 255 characters). */
const alarmsCheck = z.strictObject({
  alarms: z.union([
    z.string().min(1).max(255),
    z
      .array(z.string().min(1).max(255))
      .min(1)
      .max(200)
      .refine(distinct, 'expected names without doubles'),
  ]),
  name: name.optional(),
})

const logsCheck = z.strictObject({
  logs: z.strictObject({
    group: z
      .string()
      .regex(/^[.\-_/#A-Za-z0-9]{1,512}$/, 'expected the name of a log group, not its ARN'),
    /** A filter pattern of CloudWatch Logs; an empty one would count every line. */
    pattern: z.string().min(1).max(1024),
    /** Matching events a minute; without it the rate before the deployment is what is compared with. */
    'at-most': z.number().min(0).optional(),
  }),
  name: name.optional(),
})

const captured = z.literal('captured')
const bound = z.union([z.number(), captured])

const sqlCheck = z.strictObject({
  sql: z
    .strictObject({
      query: z.string().min(1).max(10_000),
      'at-least': bound.optional(),
      'at-most': bound.optional(),
      equals: z.union([z.number(), z.string(), z.boolean()]).optional(),
    })
    .refine(
      (given) =>
        given['at-least'] !== undefined ||
        given['at-most'] !== undefined ||
        given.equals !== undefined,
      'expected at-least, at-most or equals',
    ),
  name: name.optional(),
})

const assetsCheck = z.strictObject({
  assets: z.url({ protocol: /^https?$/ }).regex(/^https?:\/\//, 'expected an http or https URL'),
  name: name.optional(),
  headers: z.record(z.string(), z.string()).optional(),
  /** Other origins whose files are the team's own. */
  origins: z
    .array(
      z
        .string()
        .regex(/^https?:\/\/[^/?#@]+$/, 'expected an origin such as https://cdn.acme.example'),
    )
    .min(1)
    .optional(),
  timeout: span.default('10s'),
})

const checks = z.array(
  z.union([httpCheck, ecsCheck, alarmsCheck, logsCheck, sqlCheck, assetsCheck]),
)

const environment = z.strictObject({
  region: z.string().regex(regionName, 'expected a region such as us-east-1'),
  account: z.string().regex(accountId, 'expected 12 digits in quotes'),
  role: z.string().regex(roleArn, 'expected the ARN of an IAM role').optional(),
  services: services.optional(),
  database: database.optional(),
  migrations: migrations.optional(),
  secrets: secrets.optional(),
  parameters: parameters.optional(),
  site: site.optional(),
  checks: checks.default([]),
  watch: span.default('15m'),
  'on-inconclusive': z.enum(['hold', 'roll-back']).default('hold'),
  'automatic-rollbacks-per-day': z
    .int()
    .min(0)
    .optional()
    .describe(
      'so many rollbacks within 24 hours may begin by themselves (2 unless given), then each is held until a person presses the button; 0 holds every one',
    ),
})

/** `.github/rollback.yml`, version 1. Unknown keys are refused: what is not built yet must not seem to work. */
export const configSchema = z.strictObject({
  version: z.literal(1),
  store: z.string().regex(storeLocation, 'expected s3://bucket or s3://bucket/prefix'),
  environments: z.record(z.string().regex(environmentName), environment),
})

export type Config = z.infer<typeof configSchema>
export type EnvironmentConfig = z.infer<typeof environment>
export type HttpCheck = z.infer<typeof httpCheck>
export type EcsCheck = z.infer<typeof ecsCheck>
export type AlarmsCheck = z.infer<typeof alarmsCheck>
export type LogsCheck = z.infer<typeof logsCheck>
export type SqlCheck = z.infer<typeof sqlCheck>
export type AssetsCheck = z.infer<typeof assetsCheck>
export type Check = HttpCheck | EcsCheck | AlarmsCheck | LogsCheck | SqlCheck | AssetsCheck

/** Parses the configuration file; `problems` lists everything wrong with it, each with its path. Never quotes values. */
export function parseConfig(
  given: string,
): { readonly config: Config } | { readonly problems: readonly string[] } {
  const parsed = parseYaml(given, configSchema)
  return 'value' in parsed ? { config: parsed.value } : parsed
}

/** Parses a list of checks as the configuration file has it below `checks`. Never quotes values. */
export function parseChecks(
  given: string,
): { readonly checks: readonly Check[] } | { readonly problems: readonly string[] } {
  const parsed = parseYaml(given, checks)
  return 'value' in parsed ? { checks: parsed.value } : parsed
}

function parseYaml<T>(
  given: string,
  schema: z.ZodType<T>,
): { readonly value: T } | { readonly problems: readonly string[] } {
  const document = parseDocument(given, { uniqueKeys: true })
  if (document.errors.length > 0) {
    return { problems: document.errors.map((error) => error.message.split('\n')[0] ?? 'not YAML') }
  }
  const parsed = schema.safeParse(plain(document))
  return parsed.success
    ? { value: parsed.data }
    : { problems: parsed.error.issues.flatMap((issue) => describe(issue)) }
}

/** Anchors are welcome; a document that multiplies itself through them reads as none. */
function plain(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch {
    return undefined
  }
}

/** A problem of the schema library in one line: the path first, then what was expected. */
export function describe(issue: z.core.$ZodIssue): readonly string[] {
  const where = issue.path.length > 0 ? `${issue.path.join('.')}: ` : ''
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => `${where}${key} is not known here (or not supported yet)`)
  }
  if (issue.code === 'invalid_union') {
    const closest = [...issue.errors].sort((a, b) => depth(b) - depth(a))[0] ?? []
    return closest.flatMap((inner) => describe({ ...inner, path: [...issue.path, ...inner.path] }))
  }
  return [`${where}${issue.message}`]
}

/** The union's member that got furthest is the one the writer meant. */
function depth(issues: readonly z.core.$ZodIssue[]): number {
  const unknown = issues.filter((issue) => issue.code === 'unrecognized_keys').length
  return (
    Math.max(0, ...issues.map((issue) => issue.path.length)) * 10 - unknown * 100 - issues.length
  )
}
