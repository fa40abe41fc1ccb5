import { DescribeParametersCommand, type ParameterMetadata } from '@aws-sdk/client-ssm'
import { call } from '#aws'
import { CallError } from '#core'
import type { EcsClients } from '../client.ts'
import { batches } from '../parallel.ts'
import { type Answer, groupBy, inspectGroups, type Seen, there } from './answer.ts'
import type { ParameterNeed } from './needs.ts'

/**
 * Looks for parameters, fifty per call (the most values of a filter). DescribeParameters is the one call that never carries a
 * value; it knows those of its own account only.
 */
export async function inspectParameters(
  clients: EcsClients,
  parameters: readonly ParameterNeed[],
): Promise<Seen<ParameterNeed>> {
  const [foreign, own] = [parameters.filter(isForeign), parameters.filter((one) => !isForeign(one))]
  const regions = groupBy(own, ({ region }) => region ?? '')
  // Half of fifty: an ARN may stand for either of two names.
  const parts = [...regions.values()].flatMap((some) => batches(some, 25))
  const answers = await inspectGroups(parts, (part) => inspectPart(clients, part))
  return [...answers, ...foreign.map((need) => [need, elsewhere(need)] as const)]
}

const isForeign = ({ foreign }: ParameterNeed) => foreign

async function inspectPart(
  clients: EcsClients,
  needs: readonly ParameterNeed[],
): Promise<Seen<ParameterNeed>> {
  const [first] = needs
  if (first === undefined) return []
  const names = [...new Set(needs.flatMap((need) => need.names))]
  try {
    const found = await describe(clients, first.region, names)
    return needs.map((need) => [
      need,
      judgeParameter(
        need,
        found.find(({ Name = '' }) => need.names.includes(Name)),
      ),
    ])
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return needs.map((need) => [need, { is: 'unseen', call: thrown }])
  }
}

async function describe(
  clients: EcsClients,
  region: string | undefined,
  names: readonly string[],
): Promise<readonly ParameterMetadata[]> {
  const found: ParameterMetadata[] = []
  let NextToken: string | undefined
  do {
    const page = await call(
      clients.inRegion(region).parameters,
      new DescribeParametersCommand({
        ParameterFilters: [{ Key: 'Name', Option: 'Equals', Values: [...names] }],
        MaxResults: 50,
        ...(NextToken && { NextToken }),
      }),
      names.join(', '),
    )
    found.push(...(page.Parameters ?? []))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return found
}

/** Judges whether a parameter can be read, and in the version that is named: Parameter Store keeps a hundred of them. */
export function judgeParameter(
  { name, selector }: ParameterNeed,
  found: Pick<ParameterMetadata, 'Version'> | undefined,
): Answer {
  if (found === undefined) {
    return {
      is: 'lacking',
      why: `parameter ${name} is not there`,
      next: 'create it with the value that the destination was started with, or name another destination',
    }
  }
  if (selector === undefined) return there
  if (!/^\d+$/.test(selector)) {
    return {
      is: 'doubtful',
      why: `which version of parameter ${name} the label ${selector} names was not looked at`,
      next: `aws ssm get-parameter-history --name ${name} --query Parameters[].[Version,Labels]`,
    }
  }
  const { Version: newest = 0 } = found
  const version = Number(selector)
  if (version > newest - 100 && version <= newest) return there
  return {
    is: 'lacking',
    why: `version ${version} of parameter ${name} is not there: the newest is ${newest}`,
    next: 'its value cannot be brought back from AWS: name a destination that reads another version',
  }
}

const elsewhere = ({ name }: ParameterNeed): Answer => ({
  is: 'doubtful',
  why: `parameter ${name} belongs to another account and was not looked at`,
  next: 'look there whether it is still shared',
})
