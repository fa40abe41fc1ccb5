import type { HealthCheck } from '@aws-sdk/client-ecs'
import { parseArn } from '#aws'
import { inEcr } from '../registry.ts'

/**
 * How the parts of a task definition that are no secrets are shown. Ids of accounts are left out: the runner drops an output
 * that contains a masked one.
 */

/** An image without the host of a registry of ECR: `acme/web:v41`, `acme/web@sha256:4f2a91c0d3e8…`. */
export function imageText(image: string): string {
  const named = inEcr(image)
  const tag = named?.tag === undefined ? '' : `:${named.tag}`
  const pin = named?.digest === undefined ? '' : `@${named.digest}`
  const shown = named ? `${named.repository}${tag}${pin}` : image
  return shown.replace(/(@sha256:[0-9a-f]{12})[0-9a-f]{52}$/, '$1…')
}

/** The name of a parameter, with its version or label; what is none may be a value that was pasted by mistake. */
export const parameterName = /^[A-Za-z0-9_.\-/]+(:[A-Za-z0-9_.-]+)?$/

/**
 * Where a secret, a parameter or a file is read from: its name, and key, stage and version where they are given. A secret's ARN
 * ends in `name:json-key:version-stage:version-id` [AWS: valueFrom].
 */
export function placeText(from: string): string {
  const arn = parseArn(from)
  if (!arn) return parameterName.test(from) ? from : 'a text that is no name'
  const { service, resource, region } = arn
  if (service === 'ssm') return `${resource.replace(/^parameter/, '')} in ${region}`
  if (service !== 'secretsmanager') return resource
  const [, name = '', key, stage, version] = resource.split(':')
  return [
    name,
    ...(key ? [`key ${key}`] : []),
    ...(stage ? [`stage ${stage}`] : []),
    ...(version ? [`version ${version}`] : []),
    `in ${region}`,
  ].join(', ')
}

/** The times of a health check. Its command may have a password in it, and is compared by digest only. */
export function checkText({
  interval = 30,
  timeout = 5,
  retries = 3,
  startPeriod = 0,
}: Partial<HealthCheck>): string {
  return `every ${interval} s, ${timeout} s to answer, ${retries} retries, ${startPeriod} s to start`
}

/** What else a port mapping says: host port, protocol of the application. */
export function portText(value: string): string {
  const said = Object.entries(JSON.parse(value) as Record<string, unknown>)
  return said.map(([name, what]) => `${name} ${what}`).join(', ')
}
