import { validateHeaderName, validateHeaderValue } from 'node:http'
import {
  type AlarmsCheck,
  type AssetsCheck,
  type Check,
  duration,
  type HttpCheck,
  type LogsCheck,
  type SqlCheck,
} from '#inputs'
import { type Path, parsePath } from './path.ts'
import { brief } from './sample.ts'

/** An HTTP check ready to be asked. Times in milliseconds. */
export interface HttpPlan {
  readonly kind: 'http'
  readonly name: string
  readonly url: string
  readonly method: 'GET' | 'HEAD' | 'POST'
  readonly headers: Readonly<Record<string, string>>
  readonly statuses: readonly number[]
  readonly contains: string | undefined
  readonly json: readonly {
    readonly path: Path
    readonly equals: string | number | boolean | null
  }[]
  readonly latencyBelow: number | undefined
  readonly timeout: number
  readonly version: { readonly json: Path } | { readonly header: string } | undefined
}

/** A check of ECS services ready to be looked at. */
export interface EcsPlan {
  readonly kind: 'ecs'
  readonly name: string
  readonly cluster: string
  readonly services: readonly string[]
}

/** A check of CloudWatch alarms: those of these names, or all whose names begin so. */
export interface AlarmsPlan {
  readonly kind: 'alarms'
  readonly name: string
  readonly which: { readonly prefix: string } | { readonly names: readonly string[] }
}

/** A check of how many events of a log group match a pattern. */
export interface LogsPlan {
  readonly kind: 'logs'
  readonly name: string
  readonly group: string
  readonly pattern: string
  /** Events a minute; undefined: compared with the rate before the deployment. */
  readonly atMost: number | undefined
}

/** What a scalar is compared with: a value, or what the restore point has. */
export type Bound<Value> =
  | { readonly is: 'literal'; readonly value: Value }
  | { readonly is: 'captured' }

/** A check of one value that a read-only query answers. */
export interface SqlPlan {
  readonly kind: 'sql'
  readonly name: string
  /** `secret:<name>`: the connection of the environment's database. */
  readonly connection: string
  readonly query: string
  readonly atLeast: Bound<number> | undefined
  readonly atMost: Bound<number> | undefined
  readonly equals: Bound<string> | undefined
}

/** A check of a document and the files to which it refers. Times in milliseconds. */
export interface AssetsPlan {
  readonly kind: 'assets'
  readonly name: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  /** The document's origin and those that were named beside it. */
  readonly origins: readonly string[]
  readonly timeout: number
}

export type PlannedCheck = HttpPlan | EcsPlan | AlarmsPlan | LogsPlan | SqlPlan | AssetsPlan

/** The checks of an environment, or everything that is wrong with them. */
export interface CheckPlan {
  readonly checks: readonly PlannedCheck[]
  readonly problems: readonly string[]
}

/** The ECS services that `ecs: true` means. */
export interface Services {
  readonly cluster: string
  readonly names: readonly string[]
}

/** What checks take from the environment that they belong to. */
export interface Surroundings {
  readonly services?: Services | undefined
  readonly database?: { readonly connection: string } | undefined
}

/** Makes configured checks ready: paths parsed, durations in milliseconds, names unique. Lists every problem. */
export function planChecks(checks: readonly Check[], around: Surroundings | undefined): CheckPlan {
  const problems: string[] = []
  const planned: PlannedCheck[] = []
  for (const check of checks) {
    const name = unique(nameOf(check), planned)
    const plan = planOne(check, name, { around: around ?? {}, problems })
    if (plan) planned.push(plan)
  }
  return { checks: planned, problems }
}

interface Planning {
  readonly around: Surroundings
  readonly problems: string[]
}

function planOne(check: Check, name: string, planning: Planning): PlannedCheck | undefined {
  if ('http' in check) return planHttp(check, name, planning.problems)
  if ('alarms' in check) return planAlarms(check, name)
  if ('logs' in check) return planLogs(check, name)
  if ('sql' in check) return planSql(check, name, planning)
  if ('assets' in check) return planAssets(check, name, planning.problems)
  const { services } = planning.around
  if (services) return { kind: 'ecs', name, cluster: services.cluster, services: services.names }
  planning.problems.push(
    `check ${name}: it needs services: name cluster and services in the configuration or as inputs`,
  )
  return undefined
}

function nameOf(check: Check): string {
  return brief(check.name ?? plainName(check), 60)
}

function plainName(check: Check): string {
  if ('http' in check) return placeOf(check.http)
  if ('alarms' in check) {
    return typeof check.alarms === 'string' ? `alarms ${check.alarms}` : 'alarms'
  }
  if ('logs' in check) return `logs ${check.logs.group}`
  if ('sql' in check) return 'sql'
  if ('assets' in check) return `assets of ${placeOf(check.assets)}`
  return 'ecs'
}

function placeOf(url: string): string {
  const { host, pathname } = new URL(url)
  return `${host}${pathname === '/' ? '' : pathname}`
}

function unique(name: string, others: readonly PlannedCheck[]): string {
  const taken = new Set(others.map((other) => other.name))
  if (!taken.has(name)) return name
  let n = 2
  while (taken.has(`${name} (${n})`)) n += 1
  return `${name} (${n})`
}

function planAlarms({ alarms }: AlarmsCheck, name: string): AlarmsPlan {
  const which = typeof alarms === 'string' ? { prefix: alarms } : { names: alarms }
  return { kind: 'alarms', name, which }
}

function planLogs({ logs }: LogsCheck, name: string): LogsPlan {
  const { group, pattern } = logs
  return { kind: 'logs', name, group, pattern, atMost: logs['at-most'] }
}

function planSql(
  { sql }: SqlCheck,
  name: string,
  { around, problems }: Planning,
): SqlPlan | undefined {
  const { database } = around
  if (database === undefined) {
    problems.push(`check ${name}: it needs database: name its connection in the configuration`)
    return undefined
  }
  return {
    kind: 'sql',
    name,
    connection: database.connection,
    query: sql.query,
    atLeast: boundOf(sql['at-least']),
    atMost: boundOf(sql['at-most']),
    equals: boundOf(sql.equals === undefined ? undefined : String(sql.equals)),
  }
}

function boundOf<Value>(given: Value | 'captured' | undefined): Bound<Value> | undefined {
  if (given === undefined) return undefined
  return given === 'captured' ? { is: 'captured' } : { is: 'literal', value: given as Value }
}

function planAssets(check: AssetsCheck, name: string, problems: string[]): AssetsPlan {
  const headers = check.headers ?? {}
  problems.push(...badHeaders(headers).map((problem) => `check ${name}: ${problem}`))
  const own = new URL(check.assets).origin
  const named = (check.origins ?? []).map((origin) => new URL(origin).origin)
  return {
    kind: 'assets',
    name,
    url: check.assets,
    headers,
    origins: [...new Set([own, ...named])],
    timeout: milliseconds(check.timeout) ?? 10_000,
  }
}

function planHttp(check: HttpCheck, name: string, problems: string[]): HttpPlan {
  const path = (text: string): Path => {
    const parsed = parsePath(text)
    if (!parsed)
      problems.push(`check ${name}: ${brief(text, 40)} is not a path such as .a.b[0] or .["a b"]`)
    return parsed ?? { text, steps: [] }
  }
  const { version } = check
  const planned: HttpPlan = {
    kind: 'http',
    name,
    url: check.http,
    method: check.method,
    headers: check.headers ?? {},
    statuses: typeof check.status === 'number' ? [check.status] : check.status,
    contains: check.contains,
    json: Object.entries(check.json ?? {}).map(([text, equals]) => ({ path: path(text), equals })),
    latencyBelow: milliseconds(check['latency-below']),
    timeout: milliseconds(check.timeout) ?? 5_000,
    version: version && 'json' in version ? { json: path(version.json) } : version,
  }
  problems.push(...contradictions(planned).map((problem) => `check ${name}: ${problem}`))
  return planned
}

function contradictions(plan: HttpPlan): readonly string[] {
  const body =
    plan.contains !== undefined ||
    plan.json.length > 0 ||
    (plan.version !== undefined && 'json' in plan.version)
  const { latencyBelow, timeout } = plan
  return [
    ...(plan.method === 'HEAD' && body
      ? ['HEAD has no body: use GET for contains, json or version.json']
      : []),
    ...(latencyBelow !== undefined && latencyBelow > timeout
      ? ['latency-below is longer than timeout: raise timeout']
      : []),
    ...badHeaders(plan.headers),
  ]
}

const badHeaders = (headers: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(headers).flatMap(([header, value]) => badHeader(header, value))

/** Never quotes a header's value: it may be a secret. */
function badHeader(name: string, value: string): readonly string[] {
  try {
    validateHeaderName(name)
  } catch {
    return [`headers: ${brief(name, 40)} is not a header name`]
  }
  try {
    validateHeaderValue(name, value)
    return []
  } catch {
    return [`headers: the value of ${name} has characters that a header cannot carry`]
  }
}

function milliseconds(given: string | undefined): number | undefined {
  if (given === undefined) return undefined
  const parsed = duration(given)
  return parsed.ok ? parsed.value : undefined
}
