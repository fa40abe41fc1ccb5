import { request } from 'node:http'
import type { Probe } from '../processes/runtime.ts'

/** A target group's health check; durations are simulated milliseconds. */
export interface HealthCheck {
  readonly path: string
  /** `traffic-port`, or a port number as text. */
  readonly port: string
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly healthyThreshold: number
  readonly unhealthyThreshold: number
  /** HTTP codes that pass, as AWS writes them: `200`, `200,301`, `200-299`. */
  readonly matcher: string
}

/** What AWS uses when nothing is said (HTTP target groups). */
export const DEFAULT_HEALTH_CHECK: HealthCheck = {
  path: '/',
  port: 'traffic-port',
  intervalMs: 30_000,
  timeoutMs: 5000,
  healthyThreshold: 5,
  unhealthyThreshold: 2,
  matcher: '200',
}

/** The states of DescribeTargetHealth that the sandbox knows. */
export type HealthState = 'initial' | 'healthy' | 'unhealthy' | 'draining'

/** The health of one target so far. */
export interface TargetHealth {
  readonly state: HealthState
  /** Passes in a row, or failures in a row as a negative number. */
  readonly streak: number
  readonly reason?: string
  readonly description?: string
}

/** The health of a target that has just been registered. */
export const REGISTERED: TargetHealth = {
  state: 'initial',
  streak: 0,
  reason: 'Elb.InitialHealthChecking',
  description: 'Initial health checks in progress',
}

// Real milliseconds: a program does not answer faster because the cloud around it is compressed.
const LONGEST_PATIENCE = 2000

/** Says whether a matcher accepts a status code. */
export function matches(matcher: string, status: number): boolean {
  return matcher.split(',').some((part) => {
    const [low = '', high = low] = part.trim().split('-')
    return status >= Number(low) && status <= Number(high)
  })
}

/** The next health after one probe; a new target is healthy after its first pass, as AWS documents. */
export function judge(check: HealthCheck, before: TargetHealth, probe: Probe): TargetHealth {
  if (before.state === 'draining') return before
  const failure = failureOf(check, probe)
  if (!failure) {
    const streak = before.streak > 0 ? before.streak + 1 : 1
    const recovered = before.state !== 'unhealthy' || streak >= check.healthyThreshold
    return recovered ? { state: 'healthy', streak } : { ...before, streak }
  }
  const streak = before.streak < 0 ? before.streak - 1 : -1
  if (before.state === 'unhealthy') return { ...failure, state: 'unhealthy', streak }
  if (-streak >= check.unhealthyThreshold) return { ...failure, state: 'unhealthy', streak }
  return { ...before, streak }
}

function failureOf(check: HealthCheck, probe: Probe) {
  switch (probe.kind) {
    case 'answer':
      if (matches(check.matcher, probe.status)) return undefined
      return {
        reason: 'Target.ResponseCodeMismatch',
        description: `Health checks failed with these codes: [${probe.status}]`,
      }
    case 'timeout':
      return { reason: 'Target.Timeout', description: 'Request timed out' }
    case 'refused':
      return { reason: 'Target.FailedHealthChecks', description: 'Health checks failed' }
  }
}

/** One real health check over HTTP. */
export function httpProbe(port: number, check: HealthCheck): Promise<Probe> {
  const signal = AbortSignal.timeout(Math.min(check.timeoutMs, LONGEST_PATIENCE))
  const headers = { 'user-agent': 'ELB-HealthChecker/2.0', connection: 'close' }
  return new Promise((resolve) => {
    const look = request({
      host: '127.0.0.1',
      port,
      path: check.path,
      headers,
      signal,
      agent: false,
    })
    look.once('response', (response) => {
      response.once('error', () => undefined)
      response.resume()
      resolve({ kind: 'answer', status: response.statusCode ?? 0 })
    })
    look.once('error', (error) =>
      resolve(signal.aborted ? { kind: 'timeout' } : { kind: 'refused', detail: error.message }),
    )
    look.end()
  })
}
