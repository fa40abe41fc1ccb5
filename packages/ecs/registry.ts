import { DescribeImagesCommand, type ImageDetail, type ImageIdentifier } from '@aws-sdk/client-ecr'
import { call } from '#aws'
import type { EcsClients } from './client.ts'

/** An image in a private registry of ECR, its name taken apart. */
export interface InEcr {
  readonly account: string
  readonly region: string
  readonly repository: string
  /** Undefined where the name has none; ECS then takes `latest`. */
  readonly tag: string | undefined
  /** `sha256:…`, where the name pins it. */
  readonly digest: string | undefined
}

/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:tag][@digest]`, also FIPS, China and dual-stack [AWS: Amazon ECR registries]. */
const name =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\/([^:@]+)(?::([^:@]+))?(?:@(.+))?$/

/** Takes the name of an image apart; undefined for one that no private registry of ECR holds. */
export function inEcr(image: string): InEcr | undefined {
  const [, account = '', region = '', repository = '', tag, digest] = name.exec(image) ?? []
  return repository === '' ? undefined : { account, region, repository, tag, digest }
}

/**
 * Asks ECR for images of one repository, in its account and region, by tag or digest: at most a hundred. Without the filter ECR
 * answers for ACTIVE images only, as if an archived one were not there. `on` names them in an error.
 */
export async function describeImages(
  clients: Pick<EcsClients, 'inRegion'>,
  { account, region, repository }: Pick<InEcr, 'account' | 'region' | 'repository'>,
  { ids, on = repository }: { readonly ids: readonly ImageIdentifier[]; readonly on?: string },
): Promise<readonly ImageDetail[]> {
  const command = new DescribeImagesCommand({
    registryId: account,
    repositoryName: repository,
    imageIds: [...ids],
    filter: { imageStatus: 'ANY' },
  })
  return (await call(clients.inRegion(region).images, command, on)).imageDetails ?? []
}
