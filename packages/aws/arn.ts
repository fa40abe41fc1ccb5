/** The parts of an Amazon Resource Name. */
export interface Arn {
  readonly partition: string
  readonly service: string
  readonly region: string
  readonly account: string
  /** Everything after the fifth colon. */
  readonly resource: string
}

/** Parses an ARN; undefined when it is none. */
export function parseArn(given: string): Arn | undefined {
  const [prefix, partition, service, region, account, ...rest] = given.split(':')
  if (prefix !== 'arn' || !partition || !service || region === undefined || account === undefined) {
    return undefined
  }
  const resource = rest.join(':')
  return resource === '' ? undefined : { partition, service, region, account, resource }
}

/** The last part of an ARN's resource, or the text itself: `family:revision`, a service's or cluster's name. */
export function shortName(arnOrName: string): string {
  const resource = parseArn(arnOrName)?.resource ?? arnOrName
  return resource.split('/').at(-1) ?? resource
}
