import { DescribePullThroughCacheRulesCommand, type ImageDetail } from '@aws-sdk/client-ecr'
import { call, codeOf } from '#aws'
import { CallError } from '#core'
import type { EcsClients } from '../client.ts'
import { batches, inParallel } from '../parallel.ts'
import { describeImages } from '../registry.ts'
import { type Answer, groupBy, inspectGroups, type Seen, there } from './answer.ts'
import type { ImageNeed } from './needs.ts'

/** Looks for images in ECR, a hundred of a repository per call (the limit of DescribeImages). */
export async function inspectImages(
  clients: EcsClients,
  images: readonly ImageNeed[],
): Promise<Seen<ImageNeed>> {
  const repositories = groupBy(images, ({ account, region, repository }) =>
    [account, region, repository].join('/'),
  )
  const parts = [...repositories.values()].flatMap((some) => batches(some, 100))
  return inspectGroups(parts, (part) => inspectPart(clients, part))
}

/** Images of one repository. One that is not there fails the whole call: then each is asked for alone. */
async function inspectPart(
  clients: EcsClients,
  images: readonly ImageNeed[],
): Promise<Seen<ImageNeed>> {
  const [first] = images
  if (first === undefined) return []
  try {
    const details = await describeImages(clients, first, { ids: images.map(({ id }) => id) })
    return images.map((image) => [
      image,
      judgeImage(
        image,
        details.find((one) => fits(image, one)),
      ),
    ])
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    if (thrown.code === 'ImageNotFoundException' && images.length > 1) {
      return (await inParallel(images, (image) => inspectPart(clients, [image]))).flat()
    }
    if (/^(Image|Repository)NotFoundException$/.test(thrown.code)) {
      const upstream = await hasUpstream(clients, first)
      return images.map((image) => [image, gone(image, upstream)])
    }
    return images.map((image) => [image, { is: 'unseen', call: thrown }])
  }
}

const fits = ({ id }: ImageNeed, { imageDigest, imageTags }: ImageDetail) =>
  'imageDigest' in id ? imageDigest === id.imageDigest : (imageTags ?? []).includes(id.imageTag)

/** Judges what ECR says of an image: only an ACTIVE one can be pulled. */
export function judgeImage(
  image: ImageNeed,
  found: Pick<ImageDetail, 'imageStatus'> | undefined,
): Answer {
  if (found === undefined) return gone(image, 'no')
  const { imageStatus = 'ACTIVE' } = found
  switch (imageStatus) {
    case 'ACTIVE':
      return there
    case 'ACTIVATING':
      return {
        is: 'lacking',
        why: `image ${image.name} is being restored from the archive (imageStatus ACTIVATING)`,
        next: 'run again when ECR says ACTIVE: that takes up to 20 minutes',
      }
    default:
      return {
        is: 'lacking',
        why: `image ${image.name} cannot be pulled (imageStatus ${imageStatus})`,
        next: `restore it, which takes up to 20 minutes, then run again: ${restoreCommand(image)}`,
      }
  }
}

function restoreCommand({ account, region, repository, id }: ImageNeed): string {
  const [[key, value] = ['', '']] = Object.entries(id)
  return `aws ecr update-image-storage-class --registry-id ${account} --region ${region} --repository-name ${repository} --image-id ${key}=${value} --target-storage-class STANDARD`
}

function gone(image: ImageNeed, upstream: 'yes' | 'no' | 'unknown'): Answer {
  const why = `image ${image.name} is not in ECR (${image.account}, ${image.region})`
  if (upstream === 'yes') {
    return {
      is: 'doubtful',
      why: `${why} yet: a pull through cache rule would fetch it from its upstream registry`,
      next: 'look whether the upstream registry still has it',
    }
  }
  const unsure =
    upstream === 'unknown'
      ? ' (where a pull through cache rule fetches it: grant ecr:DescribePullThroughCacheRules)'
      : ''
  return {
    is: 'lacking',
    why,
    next: `push exactly this image again, or go to a destination whose images are there${unsure}`,
  }
}

/** Whether a repository is filled from another registry when something is pulled that it does not have. */
async function hasUpstream(
  clients: EcsClients,
  { account, region, repository }: ImageNeed,
): Promise<'yes' | 'no' | 'unknown'> {
  const command = new DescribePullThroughCacheRulesCommand({ registryId: account })
  try {
    const found = await call(clients.inRegion(region).images, command, repository)
    const prefixes = (found.pullThroughCacheRules ?? []).map((rule) => rule.ecrRepositoryPrefix)
    const covered = prefixes.some(
      (prefix) =>
        prefix === 'ROOT' || (prefix !== undefined && repository.startsWith(`${prefix}/`)),
    )
    return covered ? 'yes' : 'no'
  } catch (thrown) {
    if (codeOf(thrown) === 'PullThroughCacheRuleNotFoundException') return 'no'
    if (thrown instanceof CallError) return 'unknown'
    throw thrown
  }
}
