import { fileURLToPath } from 'node:url'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'

/** A sandbox with real processes and real time, sixty times faster than AWS; without S3 and SSM. */
export function startStreet(
  roles?: NonNullable<Parameters<typeof startSandbox>[0]>['roles'],
): Promise<Sandbox> {
  return startSandbox({ scale: 60, ministack: false, ...(roles && { roles }) })
}

/** Calls an admin page of the sandbox; throws what it refuses. */
export async function admin(sandbox: Sandbox, page: string, body?: unknown) {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }
  const answer = await fetch(`${sandbox.url}/_sandbox/${page}`, init)
  // biome-ignore lint/suspicious/noExplicitAny: the tests look at single members of these answers.
  const json = (await answer.json()) as any
  if (!answer.ok) throw new Error(`${page}: ${JSON.stringify(json)}`)
  return json
}

const PROGRAM = fileURLToPath(new URL('./program.mjs', import.meta.url))

/** Pushes an image that runs the test's program. */
export function pushProgram(
  sandbox: Sandbox,
  image: string,
  environment: Record<string, string>,
): Promise<{ image: { digest: string } }> {
  const command = [process.execPath, PROGRAM]
  return admin(sandbox, 'images', { action: 'push', image, command, environment })
}

/** A load balancer with quick health checks and a short deregistration delay. */
export function createLoadBalancer(
  sandbox: Sandbox,
  { name, account }: { name: string; account: string },
): Promise<{ url: string; targetGroupArn: string; ruleArn: string }> {
  return admin(sandbox, 'load-balancers', {
    action: 'create',
    name,
    account,
    region: 'us-east-1',
    healthCheck: { intervalMs: 10_000 },
    deregistrationDelayMs: 60_000,
  })
}

/** Looks again and again until it is true; throws after 20 real seconds. */
export async function eventually(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 20_000
  while (!(await look())) {
    if (performance.now() > deadline) throw new Error(`Still not: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** True while a process exists. */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
