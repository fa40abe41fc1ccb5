import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager'
import { call } from '#aws'
import { CallError } from '#core'
import type { EcsClients } from '../client.ts'
import { inParallel } from '../parallel.ts'
import { type Answer, groupBy, inspectGroups, orUnseen, type Seen, there } from './answer.ts'
import type { SecretNeed } from './needs.ts'

/** What Secrets Manager says of a secret beside its value. */
export type SecretFacts = Pick<DescribeSecretCommandOutput, 'DeletedDate' | 'VersionIdsToStages'>

/** Looks for secrets, each once, without their values. */
export async function inspectSecrets(
  clients: EcsClients,
  secrets: readonly SecretNeed[],
): Promise<Seen<SecretNeed>> {
  const each = groupBy(secrets, ({ region, id }) => `${region} ${id}`)
  return inspectGroups([...each.values()], (needs) => inspectSecret(clients, needs))
}

async function inspectSecret(clients: EcsClients, needs: readonly SecretNeed[]) {
  const [first] = needs
  if (first === undefined) return []
  const client = clients.inRegion(first.region).secrets
  const looked = await found(() =>
    call(client, new DescribeSecretCommand({ SecretId: first.id }), first.name),
  )
  return inParallel(needs, async (need): Promise<readonly [SecretNeed, Answer]> => {
    if (looked instanceof CallError) return [need, { is: 'unseen', call: looked }]
    if (looked === undefined) return [need, goneSecret(need)]
    const judge = (unlabelled: readonly string[]) => judgeSecret(need, looked, unlabelled)
    const labels = looked.VersionIdsToStages ?? {}
    if (need.version === undefined || labels[need.version] !== undefined || looked.DeletedDate) {
      return [need, judge([])]
    }
    return [need, await orUnseen(async () => judge(await unlabelledVersions(clients, need)))]
  })
}

/** Undefined for what is not there; a look that failed is an answer as well. */
async function found<Found>(look: () => Promise<Found>): Promise<Found | CallError | undefined> {
  try {
    return await look()
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    return thrown.code === 'ResourceNotFoundException' ? undefined : thrown
  }
}

/** DescribeSecret tells versions with a label only; one without can still be read, until AWS removes it. */
async function unlabelledVersions(
  clients: EcsClients,
  { id, name, region }: SecretNeed,
): Promise<readonly string[]> {
  const versions: string[] = []
  let NextToken: string | undefined
  do {
    const given = { SecretId: id, IncludeDeprecated: true, MaxResults: 100 }
    const page = await call(
      clients.inRegion(region).secrets,
      new ListSecretVersionIdsCommand({ ...given, ...(NextToken && { NextToken }) }),
      name,
    )
    versions.push(...(page.Versions ?? []).flatMap(({ VersionId }) => VersionId ?? []))
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return versions
}

const goneSecret = ({ name }: SecretNeed): Answer => ({
  is: 'lacking',
  why: `secret ${name} is not there`,
  next: 'create it with the value that the destination was started with, or name another destination',
})

/** Judges whether the version that a reference names can be read: the AWSCURRENT one where it names none. */
export function judgeSecret(
  { id, name, stage, version }: SecretNeed,
  { DeletedDate, VersionIdsToStages: labels = {} }: SecretFacts,
  unlabelled: readonly string[],
): Answer {
  if (DeletedDate !== undefined) {
    return {
      is: 'lacking',
      why: `secret ${name} is scheduled for deletion and cannot be read`,
      next: `aws secretsmanager restore-secret --secret-id ${id}`,
    }
  }
  if (version !== undefined) {
    const stages = labels[version]
    if (stages !== undefined && (stage === undefined || stages.includes(stage))) return there
    if (stages === undefined && stage === undefined && unlabelled.includes(version)) {
      return {
        is: 'doubtful',
        why: `version ${version} of secret ${name} has no label any more: AWS may remove it at any time`,
        next: `label it: aws secretsmanager update-secret-version-stage --secret-id ${id} --version-stage KEPT --move-to-version-id ${version}`,
      }
    }
    const what = stage === undefined ? version : `${version} with label ${stage}`
    return {
      is: 'lacking',
      why: `version ${what} of secret ${name} is not there any more`,
      next: 'its value cannot be brought back from AWS: name a destination that reads another version',
    }
  }
  const wanted = stage ?? 'AWSCURRENT'
  if (Object.values(labels).some((stages) => stages.includes(wanted))) return there
  return {
    is: 'lacking',
    why: `secret ${name} has no version with label ${wanted}`,
    next: `give the version that is meant this label: aws secretsmanager list-secret-version-ids --secret-id ${id}`,
  }
}
