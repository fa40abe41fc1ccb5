import { PutSecretValueCommand } from '@aws-sdk/client-secrets-manager'
import { PutParameterCommand } from '@aws-sdk/client-ssm'
import type { ConfigClients } from '#config'
import { flagsParameter, tokenSecret } from '../../../packages/sandbox/sample/names.ts'
import {
  firstFlags,
  type Release,
  type ReleaseNumber,
} from '../../../packages/sandbox/sample/releases.ts'

/** Words in the values of the configuration by which they are found wherever they should not be. */
export const words = { key: 'battery-staple', flags: 'wooden-horse' }

/** The key with which the tokens are signed that customers got at a release. */
export const keyOf = (release: ReleaseNumber) => `${words.key}-${release}`

/** The feature flags of a release. */
export const flagsOf = ({ configuration }: Release) =>
  JSON.stringify({ ...JSON.parse(configuration?.flags ?? firstFlags), note: words.flags })

/** What the shop's script `configure` does: the configuration that a release brings, if it brings some. */
export async function configure(
  clients: Pick<ConfigClients, 'ssm' | 'secrets'>,
  release: Release,
): Promise<void> {
  const { configuration, number } = release
  if (!configuration) return
  const put = {
    Name: flagsParameter,
    Value: flagsOf(release),
    Type: 'String',
    Overwrite: true,
  } as const
  await clients.ssm.send(new PutParameterCommand(put))
  if (!configuration.newKey) return
  const key = { SecretId: tokenSecret, SecretString: keyOf(number) }
  await clients.secrets.send(new PutSecretValueCommand(key))
}
