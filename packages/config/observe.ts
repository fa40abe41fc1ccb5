import {
  DescribeSecretCommand,
  type DescribeSecretCommandOutput,
  ListSecretVersionIdsCommand,
} from '@aws-sdk/client-secrets-manager'
import {
  DescribeParametersCommand,
  GetParameterHistoryCommand,
  type ParameterHistory,
  type ParameterMetadata,
  type ParameterStringFilter,
} from '@aws-sdk/client-ssm'
import { call, codeOf } from '#aws'
import type { ConfigClients } from './client.ts'
import type { LiveParameter, LiveSecret, ParameterVersion } from './state.ts'

/** Looks at a secret by name, without its value; undefined when there is none. */
export async function observeSecret(
  clients: ConfigClients,
  name: string,
): Promise<LiveSecret | undefined> {
  try {
    return toSecret(
      name,
      await call(clients.secrets, new DescribeSecretCommand({ SecretId: name }), name),
    )
  } catch (thrown) {
    if (codeOf(thrown) === 'ResourceNotFoundException') return undefined
    throw thrown
  }
}

function toSecret(name: string, found: DescribeSecretCommandOutput): LiveSecret {
  const labels = found.VersionIdsToStages ?? {}
  const current = Object.keys(labels).find((version) => labels[version]?.includes('AWSCURRENT'))
  return {
    name: found.Name ?? name,
    arn: found.ARN ?? '',
    current,
    labels,
    rotates: found.RotationEnabled ?? false,
    deleted: found.DeletedDate !== undefined,
    ...(found.LastRotatedDate && { rotatedAt: found.LastRotatedDate.getTime() }),
    ...(found.LastChangedDate && { changedAt: found.LastChangedDate.getTime() }),
    ...(found.LastAccessedDate && { accessedAt: found.LastAccessedDate.getTime() }),
    ...(found.OwningService && { owner: found.OwningService }),
  }
}

/** Tells whether a version of a secret is still there, also without a label ("deprecated": AWS may purge it at any time). */
export async function hasVersion(
  clients: ConfigClients,
  secret: LiveSecret,
  version: string,
): Promise<boolean> {
  if (secret.labels[version] !== undefined) return true
  let NextToken: string | undefined
  do {
    const given = { SecretId: secret.name, IncludeDeprecated: true, MaxResults: 100 }
    const page = await call(
      clients.secrets,
      new ListSecretVersionIdsCommand({ ...given, ...(NextToken && { NextToken }) }),
      secret.name,
    )
    if (page.Versions?.some(({ VersionId }) => VersionId === version)) return true
    NextToken = page.NextToken
  } while (NextToken !== undefined)
  return false
}

/**
 * Looks at parameters by name, and at all below each path, without their values: DescribeParameters is the one call that
 * never carries one. A name that does not exist is left out.
 */
export async function observeParameters(
  clients: ConfigClients,
  chosen: readonly string[],
): Promise<readonly LiveParameter[]> {
  const paths = chosen.filter(isPath)
  const names = chosen.filter((one) => !isPath(one))
  const filters: readonly (readonly ParameterStringFilter[])[] = [
    ...paths.map((path) => [{ Key: 'Path', Option: 'Recursive', Values: [withoutSlash(path)] }]),
    // Fifty values are the most that one filter takes (ParameterStringFilter).
    ...batches(names, 50).map((Values) => [{ Key: 'Name', Option: 'Equals', Values }]),
  ]
  const found = new Map<string, LiveParameter>()
  for (const filter of filters) {
    for await (const one of described(clients, filter)) found.set(one.name, one)
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Looks at one parameter; undefined when there is none. */
export async function observeParameter(
  clients: ConfigClients,
  name: string,
): Promise<LiveParameter | undefined> {
  return (await observeParameters(clients, [name]))[0]
}

/** `/path/` means everything below; a name never ends in a slash. */
export const isPath = (chosen: string) => chosen.endsWith('/')

/** Tells whether one of the chosen names or paths covers a parameter. */
export const covers = (chosen: readonly string[], name: string) =>
  chosen.some((one) => (isPath(one) ? name.startsWith(one) : name === one))

const withoutSlash = (path: string) => path.replace(/\/$/, '')

function batches(names: readonly string[], size: number): string[][] {
  return Array.from({ length: Math.ceil(names.length / size) }, (_, at) =>
    names.slice(at * size, (at + 1) * size),
  )
}

async function* described(
  clients: ConfigClients,
  filters: readonly ParameterStringFilter[],
): AsyncGenerator<LiveParameter> {
  let NextToken: string | undefined
  do {
    const page = await call(
      clients.ssm,
      new DescribeParametersCommand({
        ParameterFilters: [...filters],
        MaxResults: 50,
        ...(NextToken && { NextToken }),
      }),
      filters.flatMap(({ Values }) => Values ?? []).join(', '),
    )
    yield* (page.Parameters ?? []).map(toParameter)
    NextToken = page.NextToken
  } while (NextToken !== undefined)
}

const toParameter = (found: ParameterMetadata): LiveParameter => ({
  name: found.Name ?? '',
  type: found.Type ?? 'String',
  version: found.Version ?? 0,
  modifiedAt: found.LastModifiedDate?.getTime() ?? 0,
})

/**
 * Reads every version of a parameter with its value, oldest first; none when there is no such parameter. What it returns is
 * compared and written, never shown.
 */
export async function readHistory(
  clients: ConfigClients,
  name: string,
): Promise<readonly ParameterVersion[]> {
  const versions: ParameterVersion[] = []
  let NextToken: string | undefined
  try {
    do {
      const given = { Name: name, WithDecryption: true, MaxResults: 50 }
      const page = await call(
        clients.ssm,
        new GetParameterHistoryCommand({ ...given, ...(NextToken && { NextToken }) }),
        name,
      )
      versions.push(...(page.Parameters ?? []).map(toVersion))
      NextToken = page.NextToken
    } while (NextToken !== undefined)
  } catch (thrown) {
    if (codeOf(thrown) === 'ParameterNotFound') return []
    throw thrown
  }
  return versions.sort((a, b) => a.version - b.version)
}

function toVersion(found: ParameterHistory): ParameterVersion {
  const { KeyId, Tier, AllowedPattern, DataType, Description } = found
  return {
    ...toParameter(found),
    value: found.Value ?? '',
    policies: (found.Policies ?? []).flatMap(({ PolicyText }) => PolicyText ?? []),
    labels: found.Labels ?? [],
    ...(KeyId && { keyId: KeyId }),
    ...(Tier && { tier: Tier }),
    ...(AllowedPattern && { allowedPattern: AllowedPattern }),
    ...(DataType && { dataType: DataType }),
    ...(Description && { description: Description }),
  }
}
