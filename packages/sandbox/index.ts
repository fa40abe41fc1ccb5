import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AutoscalingService } from './autoscaling/index.ts'
import { realClock } from './clock.ts'
import { createCloud, type MoreServices } from './cloud.ts'
import type { CloudFrontService } from './cloudfront/index.ts'
import type { EcsService } from './ecs/index.ts'
import { forwardTo } from './gateway/forward.ts'
import { type CallLog, type Faults, type Gateway, listenOn } from './gateway/index.ts'
import { startMinistack } from './gateway/ministack.ts'
import { type GitHub, startGitHub } from './github/index.ts'
import type { Claims } from './oidc/index.ts'
import { postgresDataPlane } from './postgres/index.ts'
import { localRuntime } from './processes/local.ts'
import type { RdsService } from './rds/index.ts'
import type { Ground } from './service.ts'
import type { Role } from './sts/index.ts'

export { type Clock, realClock, type VirtualClock, virtualClock } from './clock.ts'
export type { MoreServices, Wiring } from './cloud.ts'
export * from './gateway/index.ts'
export * from './github/index.ts'
export { type MemoryGateway, memoryGateway } from './memory.ts'
export { type JobIdentity, jobClaims, type Subject } from './oidc/claims.ts'
export type { Claims } from './oidc/index.ts'
export { type SecretResolver, secretsService } from './secrets/index.ts'
export { AwsError, type Caller, type Ground, type Operation, type Service } from './service.ts'
export type { Role } from './sts/index.ts'

/** How a sandbox is started. */
export interface SandboxOptions {
  /** How many times faster than AWS: 30 makes a 90-second rollout take 3 s. 1 by default. */
  readonly scale?: number
  /** The port to listen on; a free one by default. */
  readonly port?: number
  /** Where data and logs go; a new folder by default, which `close` removes. */
  readonly folder?: string
  /** The account and region of `env`: 123456789012 and us-east-1 by default. */
  readonly account?: string
  readonly region?: string
  /** The job whose OIDC token `env` gives access to. */
  readonly job?: Claims
  /** The roles that exist; without a list every role exists and trusts every job. */
  readonly roles?: readonly Role[]
  /** More services, or others in place of ours by the same name. */
  readonly services?: MoreServices
  /** False: no process for S3, SSM and the rest; calls to them are refused. */
  readonly ministack?: boolean
  /** True, or the people who may become reviewers: GitHub's API too, on a port of its own. */
  readonly github?: boolean | { readonly people?: readonly string[]; readonly port?: number }
  readonly log?: (line: string) => void
}

/** A running local cloud. */
export interface Sandbox {
  readonly url: string
  /** The environment of an AWS client (and of a workflow job) that uses it. */
  readonly env: Readonly<Record<string, string>>
  readonly gateway: Gateway
  readonly calls: CallLog
  readonly faults: Faults
  /** Images and load balancers, which AWS's API for ECS does not make. */
  readonly ecs: EcsService
  /** Says what load asks of services: nothing else moves their desired counts. */
  readonly autoscaling: AutoscalingService
  readonly rds: RdsService
  /** Distributions, which are made here and not by AWS's API. */
  readonly cloudfront: CloudFrontService
  /** GitHub's API, when it was asked for. Its log of calls and its faults are its own. */
  readonly github: GitHub | undefined
  readonly folder: string
  /** The OIDC variables of another job. */
  job(claims: Claims): Readonly<Record<string, string>>
  /** Ends every process it started and removes its folder. */
  close(): Promise<void>
}

const DEFAULT_JOB: Claims = {
  sub: 'repo:acme/shop:environment:production',
  repository: 'acme/shop',
  repository_owner: 'acme',
  ref: 'refs/heads/main',
  environment: 'production',
}

function folderOf(options: SandboxOptions): { folder: string; remove: () => void } {
  if (options.folder !== undefined) {
    mkdirSync(options.folder, { recursive: true })
    return { folder: options.folder, remove: () => undefined }
  }
  const folder = mkdtempSync(join(tmpdir(), 'sandbox-'))
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function clientEnvironment(url: string, options: SandboxOptions): Record<string, string> {
  const region = options.region ?? 'us-east-1'
  return {
    AWS_ENDPOINT_URL: url,
    AWS_ACCESS_KEY_ID: options.account ?? '123456789012',
    AWS_SECRET_ACCESS_KEY: 'sandbox',
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
  }
}

type Closer = () => void | Promise<void>

/** Runs all closers, last first, also when one fails. Throws the first failure. */
async function closeInTurn(closers: Closer[]): Promise<void> {
  const failures: unknown[] = []
  for (const end of closers.splice(0).reverse()) {
    try {
      await end()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
}

/** Starts everything, and adds to `closers` what must be ended, as it comes up. */
async function start(
  options: SandboxOptions,
  folder: string,
  closers: Closer[],
): Promise<Omit<Sandbox, 'close' | 'folder'>> {
  const clock = realClock(options.scale ?? 1)
  const ground = { clock, folder, log: options.log ?? (() => undefined) }
  const ministack = options.ministack === false ? undefined : await startMinistack(folder)
  if (ministack) closers.push(() => ministack.close())
  const behind = ministack && forwardTo(ministack.port)
  if (behind) closers.push(() => behind.close())
  const cloud = createCloud({
    ground,
    runtime: localRuntime(clock),
    data: postgresDataPlane(join(folder, 'postgres')),
    ...(behind && { forward: behind.forward }),
    ...(options.roles && { roles: options.roles }),
    ...(options.services && { services: options.services }),
  })
  closers.push(() => cloud.close())
  const { gateway, ecs, autoscaling, rds, cloudfront, issuer } = cloud
  const listener = await listenOn(gateway, options.port)
  closers.push(() => listener.close())
  const { url } = listener
  const job = (claims: Claims) => ({
    ACTIONS_ID_TOKEN_REQUEST_URL: `${url}/_sandbox/oidc/token?api-version=2.0`,
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: issuer.register(claims),
  })
  const github = await githubBeside(options, ground)
  if (github) closers.push(() => github.close())
  const own = options.job ?? DEFAULT_JOB
  const env = {
    ...clientEnvironment(url, options),
    ...job(own),
    ...github?.env(own.repository ?? 'acme/shop', JOB_PERMISSIONS),
  }
  const kept = { calls: gateway.calls, faults: gateway.faults }
  return { url, env, gateway, ...kept, ecs, autoscaling, rds, cloudfront, github, job }
}

/** What the jobs of the documented workflows ask for together. */
const JOB_PERMISSIONS = {
  actions: 'write',
  contents: 'read',
  deployments: 'write',
  issues: 'write',
} as const

async function githubBeside({ github }: SandboxOptions, { clock, log }: Ground) {
  if (github === undefined || github === false) return undefined
  return startGitHub({ clock, log, ...(github !== true && github) })
}

/** Starts a local cloud on 127.0.0.1. Throws if one of its processes does not come up; then nothing is left running. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { folder, remove } = folderOf(options)
  const closers: Closer[] = [remove]
  const close = () => closeInTurn(closers)
  try {
    return { ...(await start(options, folder, closers)), folder, close }
  } catch (error) {
    await close()
    throw error
  }
}
