import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Clock, realClock } from './clock.ts'
import { forwardTo } from './gateway/forward.ts'
import {
  type CallLog,
  createGateway,
  type Faults,
  type Gateway,
  keyring,
  listenOn,
} from './gateway/index.ts'
import { startMinistack } from './gateway/ministack.ts'
import { tokenEndpoint } from './oidc/endpoint.ts'
import { type Claims, type Issuer, oidcIssuer } from './oidc/index.ts'
import { containerSecrets, parameterResolver } from './parameters.ts'
import { type SecretResolver, secretsService } from './secrets/index.ts'
import type { Ground, Service } from './service.ts'
import { type Role, stsService } from './sts/index.ts'

export { type Clock, realClock, type VirtualClock, virtualClock } from './clock.ts'
export * from './gateway/index.ts'
export type { Claims } from './oidc/index.ts'
export { type SecretResolver, secretsService } from './secrets/index.ts'
export { AwsError, type Caller, type Ground, type Operation, type Service } from './service.ts'
export type { Role } from './sts/index.ts'

/** What a service of the sandbox may need from the others. */
export interface Wiring {
  /** The value of a container secret's `valueFrom`, from Secrets Manager or SSM. */
  readonly resolveSecret: SecretResolver
}

/** How a sandbox is started. */
export interface SandboxOptions {
  /** How many times faster than AWS: 30 makes a 90-second rollout take 3 s. 1 by default. */
  readonly scale?: number
  /** The port to listen on; a free one by default. */
  readonly port?: number
  /** Where data and logs go; a new folder by default, which `close` removes. */
  readonly folder?: string
  /** The account and region of `env`. */
  readonly account?: string
  readonly region?: string
  /** The job whose OIDC token `env` gives access to. */
  readonly job?: Claims
  /** The roles that exist; without a list every role exists and trusts every job. */
  readonly roles?: readonly Role[]
  /** The simulated services beside Secrets Manager and STS. */
  readonly services?: (ground: Ground, wiring: Wiring) => readonly Service[]
  /** False: no process for S3, SSM and the rest; calls to them are refused. */
  readonly ministack?: boolean
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

interface Core {
  readonly gateway: Gateway
  readonly issuer: Issuer
  readonly services: readonly Service[]
}

function buildGateway(
  ground: Ground,
  options: Pick<SandboxOptions, 'roles' | 'services'>,
  forward: ReturnType<typeof forwardTo>['forward'] | undefined,
): Core {
  const { clock, log } = ground
  const keys = keyring(clock)
  const issuer = oidcIssuer(clock)
  const secrets = secretsService({ clock })
  const sts = stsService({ clock, keys, issuer, ...(options.roles && { roles: options.roles }) })
  let gateway: Gateway | undefined
  const parameters: SecretResolver = (...call) => {
    if (!gateway) throw new Error('The gateway is not up yet')
    return parameterResolver(gateway)(...call)
  }
  const wiring = { resolveSecret: containerSecrets(secrets.resolveSecret, parameters) }
  const services = [secrets, sts, ...(options.services?.(ground, wiring) ?? [])]
  gateway = createGateway({
    clock,
    keys,
    services,
    log,
    pages: { oidc: tokenEndpoint(issuer) },
    ...(forward && { forward }),
  })
  return { gateway, issuer, services }
}

/**
 * A gateway without sockets and processes, for tests with a virtual clock: Secrets Manager, STS and the given services.
 * S3 and the rest are not there: calls to them are refused with `NotImplemented`.
 */
export function memoryGateway(
  options: { clock: Clock; folder?: string; log?: (line: string) => void } & Pick<
    SandboxOptions,
    'roles' | 'services'
  >,
): Gateway & { readonly issuer: Issuer; close(): Promise<void> } {
  const { clock, folder = tmpdir(), log = () => undefined } = options
  const { gateway, issuer, services } = buildGateway({ clock, folder, log }, options, undefined)
  return { ...gateway, issuer, close: () => closeServices(services) }
}

async function closeServices(services: readonly Service[]): Promise<void> {
  await Promise.all(services.map((service) => service.close?.()))
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

/** Starts a local cloud on 127.0.0.1. Throws if one of its processes does not come up; then nothing is left running. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { folder, remove } = folderOf(options)
  const log = options.log ?? (() => undefined)
  const ground = { clock: realClock(options.scale ?? 1), folder, log }
  const closers: (() => void | Promise<void>)[] = [remove]
  const close = async () => {
    for (const end of closers.splice(0).reverse()) await end()
  }
  try {
    const ministack = options.ministack === false ? undefined : await startMinistack(folder)
    if (ministack) closers.push(() => ministack.close())
    const behind = ministack && forwardTo(ministack.port)
    if (behind) closers.push(() => behind.close())
    const { gateway, issuer, services } = buildGateway(ground, options, behind?.forward)
    closers.push(() => closeServices(services))
    const listener = await listenOn(gateway, options.port)
    closers.push(() => listener.close())
    const job = (claims: Claims) => ({
      ACTIONS_ID_TOKEN_REQUEST_URL: `${listener.url}/_sandbox/oidc/token?api-version=2.0`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: issuer.register(claims),
    })
    const env = { ...clientEnvironment(listener.url, options), ...job(options.job ?? DEFAULT_JOB) }
    const { calls, faults } = gateway
    return { url: listener.url, env, gateway, calls, faults, folder, job, close }
  } catch (error) {
    await close()
    throw error
  }
}
