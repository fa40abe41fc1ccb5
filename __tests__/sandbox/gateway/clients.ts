import { execFile } from 'node:child_process'
import { dirname, join } from 'node:path'
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { STSClient } from '@aws-sdk/client-sts'
import { projectPython } from '../../../packages/sandbox/gateway/ministack.ts'
import {
  type Fault,
  type Gateway,
  inProcessHandler,
  memoryGateway,
  type VirtualClock,
  virtualClock,
} from '../../../packages/sandbox/index.ts'

/** A gateway in this process, on a clock of its own. */
export function memory(): ReturnType<typeof memoryGateway> & { clock: VirtualClock } {
  const clock = virtualClock()
  return { ...memoryGateway({ clock }), clock }
}

/** What every in-process SDK client of these tests is made from. */
export function clientConfig(
  gateway: Gateway,
  options: { account?: string; attempts?: number } = {},
) {
  return {
    region: 'us-east-1',
    endpoint: 'http://sandbox.invalid',
    credentials: { accessKeyId: options.account ?? '111111111111', secretAccessKey: 'x' },
    requestHandler: inProcessHandler(gateway),
    maxAttempts: options.attempts ?? 1,
  }
}

export function secretsClient(
  gateway: Gateway,
  options?: Parameters<typeof clientConfig>[1],
): SecretsManagerClient {
  return new SecretsManagerClient(clientConfig(gateway, options))
}

export function stsClient(
  gateway: Gateway,
  options?: Parameters<typeof clientConfig>[1],
): STSClient {
  return new STSClient(clientConfig(gateway, options))
}

/** A gateway under one fault rule. */
export function memoryUnder(fault: Fault) {
  const gateway = memory()
  gateway.faults.add(fault)
  return gateway
}

/** The name and message of the error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<{ name: string; message: string }> {
  try {
    await call
  } catch (error) {
    const { name, message } = error as Error
    return { name, message }
  }
  throw new Error('The call was expected to fail')
}

/** What a program printed and how it ended. */
export interface Ran {
  readonly code: number
  readonly out: string
  readonly err: string
}

function run(program: string, args: readonly string[], env: Record<string, string>): Promise<Ran> {
  const { PATH = '', HOME = '' } = process.env
  return new Promise((resolve) => {
    execFile(program, args, { env: { PATH, HOME, AWS_PAGER: '', ...env } }, (error, out, err) => {
      resolve({ code: error ? Number(error.code ?? 1) : 0, out, err })
    })
  })
}

const tools = () => dirname(projectPython())

/** The AWS CLI; the environment is only what is given. */
export function aws(env: Record<string, string>, ...args: string[]): Promise<Ran> {
  return run(join(tools(), 'aws'), args, env)
}

/** The AWS CLI's answer, parsed. Throws with what it printed if it failed. */
export async function awsJson(env: Record<string, string>, ...args: string[]) {
  const { code, out, err } = await aws(env, ...args)
  if (code !== 0) throw new Error(`aws ${args.join(' ')}: ${err}`)
  return out.trim() === '' ? undefined : JSON.parse(out)
}

/** A Python program with boto3 that prints one JSON value. Throws with what it printed if it failed. */
export async function boto(env: Record<string, string>, source: string) {
  const { code, out, err } = await run(projectPython(), ['-c', source], env)
  if (code !== 0) throw new Error(`python: ${err}`)
  return JSON.parse(out)
}
