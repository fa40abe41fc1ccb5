import { validateHeaderName, validateHeaderValue } from 'node:http'
import { type Check, duration, type HttpCheck } from '#inputs'
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

export type PlannedCheck = HttpPlan | EcsPlan

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

/** Makes configured checks ready: paths parsed, durations in milliseconds, names unique. Lists every problem. */
export function planChecks(checks: readonly Check[], services: Services | undefined): CheckPlan {
  const problems: string[] = []
  const planned: PlannedCheck[] = []
  for (const check of checks) {
    const name = unique(nameOf(check), planned)
    if ('http' in check) planned.push(planHttp(check, name, problems))
    else if (services)
      planned.push({ kind: 'ecs', name, cluster: services.cluster, services: services.names })
    else
      problems.push(
        `check ${name}: it needs services: name cluster and services in the configuration or as inputs`,
      )
  }
  return { checks: planned, problems }
}

function nameOf(check: Check): string {
  if (check.name !== undefined) return brief(check.name, 60)
  if (!('http' in check)) return 'ecs'
  const { host, pathname } = new URL(check.http)
  return brief(`${host}${pathname === '/' ? '' : pathname}`, 60)
}

function unique(name: string, others: readonly PlannedCheck[]): string {
  const taken = new Set(others.map((other) => other.name))
  if (!taken.has(name)) return name
  let n = 2
  while (taken.has(`${name} (${n})`)) n += 1
  return `${name} (${n})`
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
    ...Object.entries(plan.headers).flatMap(([header, value]) => badHeader(header, value)),
  ]
}

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
