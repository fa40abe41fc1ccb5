import type * as Ecr from '@aws-sdk/client-ecr'
import { pageOf } from '../ecs/paging.ts'
import type { ImageCatalogue, ImageRow } from '../processes/images.ts'
import { AwsError, type Caller, type Operation, type Service } from '../service.ts'

/** The part of the image catalogue that one registry is: `<account>.dkr.ecr.<region>.amazonaws.com`. */
interface Registry {
  readonly id: string
  readonly region: string
  readonly host: string
  readonly rows: readonly Row[]
}

/** A row with the repository's name as the registry has it. */
type Row = ImageRow & { readonly name: string }

const invalid = (message: string) => new AwsError('InvalidParameterException', message)

function registryOf(images: ImageCatalogue, given: string | undefined, caller: Caller): Registry {
  const [id, { region }] = [given ?? caller.account, caller]
  const host = `${id}.dkr.ecr.${region}.amazonaws.com`
  const rows = images
    .list()
    .filter(({ repository }) => repository.startsWith(`${host}/`))
    .map((row) => ({ ...row, name: row.repository.slice(host.length + 1) }))
  return { id, region, host, rows }
}

/** The images of a repository. Throws AwsError `RepositoryNotFoundException` when there is none: a repository exists from its first push on. */
function imagesOf({ id, rows }: Registry, repository: string | undefined): readonly Row[] {
  const found = rows.filter(({ name }) => name === repository)
  if (found.length > 0) return found
  throw new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${repository}' does not exist in the registry with id '${id}'`,
  )
}

function imageOf(registry: Registry, rows: readonly Row[], asked: Ecr.ImageIdentifier): Row {
  const { imageDigest, imageTag } = asked
  const found = rows.find(
    (row) =>
      (imageDigest === undefined || row.digest === imageDigest) &&
      (imageTag === undefined || row.tags.includes(imageTag)),
  )
  if (found) return found
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${imageDigest ?? 'null'}', imageTag:'${imageTag ?? 'null'}'} does not exist within the repository with name '${rows[0]?.name}' in the registry with id '${registry.id}'`,
  )
}

const date = (milliseconds: number | undefined) =>
  milliseconds === undefined ? undefined : new Date(milliseconds)

function detailOf({ id }: Registry, row: Row): Ecr.ImageDetail {
  return {
    registryId: id,
    repositoryName: row.name,
    imageDigest: row.digest,
    ...(row.tags.length > 0 && { imageTags: [...row.tags] }),
    imageSizeInBytes: 1_000_000 + row.command.join('').length,
    imagePushedAt: new Date(row.pushedAt),
    imageManifestMediaType: 'application/vnd.oci.image.manifest.v1+json',
    imageStatus: row.status,
    lastRecordedPullTime: date(row.pulledAt),
    lastArchivedAt: date(row.archivedAt),
  }
}

/** Without a filter the list has only ACTIVE images [AWS: DescribeImagesFilter]; whoever names an image gets it whatever its status. */
function passes(row: Row, filter: Ecr.DescribeImagesFilter | undefined, named: boolean): boolean {
  const { tagStatus = 'ANY', imageStatus = named ? 'ANY' : 'ACTIVE' } = filter ?? {}
  const tagged = row.tags.length > 0 ? 'TAGGED' : 'UNTAGGED'
  return [tagged, 'ANY'].includes(tagStatus) && [row.status, 'ANY'].includes(imageStatus)
}

function describeImages(images: ImageCatalogue, input: Ecr.DescribeImagesRequest, caller: Caller) {
  const registry = registryOf(images, input.registryId, caller)
  const rows = imagesOf(registry, input.repositoryName)
  const { imageIds, filter, nextToken, maxResults } = input
  if (!imageIds) {
    const listed = rows.filter((row) => passes(row, filter, false))
    const page = pageOf(listed, { nextToken, maxResults: maxResults ?? 100 }, 1000)
    const { items, ...rest } = page
    return { imageDetails: items.map((row) => detailOf(registry, row)), ...rest }
  }
  if (nextToken !== undefined || maxResults !== undefined)
    throw invalid('nextToken and maxResults cannot be used when you specify images with imageIds.')
  if (imageIds.length === 0 || imageIds.length > 100)
    throw invalid('imageIds must have between 1 and 100 members.')
  const named = imageIds.map((asked) => imageOf(registry, rows, asked))
  const kept = [...new Set(named)].filter((row) => passes(row, filter, true))
  return { imageDetails: kept.map((row) => detailOf(registry, row)) }
}

function describeRepositories(
  images: ImageCatalogue,
  input: Ecr.DescribeRepositoriesRequest,
  caller: Caller,
) {
  const registry = registryOf(images, input.registryId, caller)
  for (const name of input.repositoryNames ?? []) imagesOf(registry, name)
  const names = input.repositoryNames ?? [...new Set(registry.rows.map(({ name }) => name))]
  const { nextToken, maxResults } = input
  const page = pageOf(names, { nextToken, maxResults: maxResults ?? 100 }, 1000)
  const { items, ...rest } = page
  return { repositories: items.map((name) => repositoryOf(registry, name)), ...rest }
}

function repositoryOf(registry: Registry, repositoryName: string): Ecr.Repository {
  const { id, region, host } = registry
  const pushes = imagesOf(registry, repositoryName).map(({ pushedAt }) => pushedAt)
  return {
    repositoryArn: `arn:aws:ecr:${region}:${id}:repository/${repositoryName}`,
    registryId: id,
    repositoryName,
    repositoryUri: `${host}/${repositoryName}`,
    createdAt: new Date(Math.min(...pushes)),
    imageTagMutability: 'MUTABLE',
  }
}

function updateStorageClass(
  images: ImageCatalogue,
  input: Ecr.UpdateImageStorageClassRequest,
  caller: Caller,
): Ecr.UpdateImageStorageClassResponse {
  const find = () => {
    const registry = registryOf(images, input.registryId, caller)
    return imageOf(registry, imagesOf(registry, input.repositoryName), input.imageId ?? {})
  }
  const { repository, digest, name } = find()
  const reference = `${repository}@${digest}`
  switch (input.targetStorageClass) {
    case 'ARCHIVE':
      images.archive(reference)
      break
    case 'STANDARD':
      images.restore(reference)
      break
    default:
      throw invalid('targetStorageClass must be STANDARD or ARCHIVE.')
  }
  return {
    registryId: input.registryId ?? caller.account,
    repositoryName: name,
    imageId: { imageDigest: digest },
    imageStatus: find().status,
  }
}

function deleteImages(
  images: ImageCatalogue,
  input: Ecr.BatchDeleteImageRequest,
  caller: Caller,
): Ecr.BatchDeleteImageResponse {
  const registry = registryOf(images, input.registryId, caller)
  imagesOf(registry, input.repositoryName)
  const gone = (input.imageIds ?? []).map((imageId) => {
    const { imageDigest, imageTag } = imageId
    const end = imageDigest === undefined ? `:${imageTag}` : `@${imageDigest}`
    return { imageId, gone: images.remove(`${registry.host}/${input.repositoryName}${end}`) }
  })
  return {
    imageIds: gone.filter((one) => one.gone).map(({ imageId }) => imageId),
    failures: gone
      .filter((one) => !one.gone)
      .map(({ imageId }) => ({
        imageId,
        failureCode: 'ImageNotFound',
        failureReason: 'Requested image not found',
      })),
  }
}

const notHere = (name: string) => () => {
  throw new AwsError('NotImplemented', `The sandbox does not simulate ecr:${name}`, 501)
}

/** Operations on repositories and images which the process behind would answer for a registry of its own. */
const refused = [
  'BatchGetImage',
  'CreateRepository',
  'DeleteRepository',
  'DescribeImageScanFindings',
  'ListImages',
  'PutImage',
]

/** ECR as a view of the image catalogue: images are pushed there, and described, archived and deleted here. */
export function ecrService({ images }: { readonly images: ImageCatalogue }): Service {
  const operations: Record<string, Operation> = {
    DescribeImages: (input, caller) => describeImages(images, input, caller),
    DescribeRepositories: (input, caller) => describeRepositories(images, input, caller),
    UpdateImageStorageClass: (input, caller) => updateStorageClass(images, input, caller),
    BatchDeleteImage: (input, caller) => deleteImages(images, input, caller),
    ...Object.fromEntries(refused.map((name) => [name, notHere(name)])),
  }
  return { name: 'ecr', overlay: true, operations }
}
