import { jest } from '@jest/globals'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import { aws, boto } from '../gateway/clients.ts'

// Each test starts Python programs, which takes seconds on a busy machine.
jest.setTimeout(60_000)

const host = '123456789012.dkr.ecr.us-east-1.amazonaws.com'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await startSandbox({ ministack: false })
})
afterAll(() => sandbox.close())

test('boto3 reads images by tag, digest and page, archives one and deletes another', async () => {
  const { images } = sandbox.ecs
  const [one = ''] = ['1', '2', '3'].map(
    (tag) => images.push(`${host}/acme/web:${tag}`, { command: ['run', tag] }).digest,
  )
  images.tag(`${host}/acme/web:1`, `${host}/acme/web:stable`)
  images.push('docker.io/elsewhere:1', { command: ['run'] })
  const found = await boto(
    { ...sandbox.env },
    `
import boto3, json
ecr = boto3.client('ecr')
name = 'acme/web'
pages = ecr.get_paginator('describe_images').paginate(repositoryName=name, PaginationConfig={'PageSize': 2})
listed = [[d['imageTags'] for d in p['imageDetails']] for p in pages]
def one(**image):
    return ecr.describe_images(repositoryName=name, imageIds=[image])['imageDetails'][0]
def fails(call):
    try:
        call()
    except ecr.exceptions.ClientError as error:
        return [error.response['Error']['Code'], error.response['Error']['Message']]
before = one(imageTag='stable')
moved = ecr.update_image_storage_class(repositoryName=name, imageId={'imageTag': '1'}, targetStorageClass='ARCHIVE')
after = one(imageDigest='${one}')
active = ecr.describe_images(repositoryName=name)['imageDetails']
archived = ecr.describe_images(repositoryName=name, filter={'imageStatus': 'ARCHIVED'})['imageDetails']
ecr.batch_delete_image(repositoryName=name, imageIds=[{'imageTag': '2'}])
print(json.dumps({
    'listed': listed,
    'digest': before['imageDigest'],
    'year': before['imagePushedAt'].year > 2000,
    'pulled': 'lastRecordedPullTime' in before,
    'statuses': [before['imageStatus'], moved['imageStatus'], after['imageStatus']],
    'active': len(active),
    'archived': [d['imageTags'] for d in archived],
    'repositories': [r['repositoryUri'] for r in ecr.describe_repositories()['repositories']],
    'noRepository': fails(lambda: ecr.describe_images(repositoryName='nope')),
    'noImage': fails(lambda: one(imageTag='2')),
    'both': fails(lambda: ecr.describe_images(repositoryName=name, imageIds=[{'imageTag': '1'}], maxResults=2))[0],
}))
`,
  )
  expect(found).toEqual({
    listed: [[['1', 'stable'], ['2']], [['3']]],
    digest: one,
    year: true,
    pulled: false,
    statuses: ['ACTIVE', 'ARCHIVED', 'ARCHIVED'],
    active: 2,
    archived: [['1', 'stable']],
    repositories: [`${host}/acme/web`],
    noRepository: [
      'RepositoryNotFoundException',
      "The repository with name 'nope' does not exist in the registry with id '123456789012'",
    ],
    noImage: [
      'ImageNotFoundException',
      "The image with imageId {imageDigest:'null', imageTag:'2'} does not exist within the repository with name 'acme/web' in the registry with id '123456789012'",
    ],
    both: 'InvalidParameterException',
  })
})

test('an operation on a registry of its own is refused, and the admin page archives and restores', async () => {
  sandbox.ecs.images.push(`${host}/acme/api:1`, { command: ['run'] })
  const made = await aws(sandbox.env, 'ecr', 'create-repository', '--repository-name', 'shop')
  expect(made.err).toContain('does not simulate ecr:CreateRepository')
  const page = async (action: string) => {
    const body = JSON.stringify({ action, image: `${host}/acme/api:1` })
    const answer = await fetch(`${sandbox.url}/_sandbox/images`, { method: 'POST', body })
    return answer.json()
  }
  const status = () =>
    sandbox.ecs.images.list().find((row) => row.repository === `${host}/acme/api`)?.status
  expect(await page('archive')).toEqual({ archived: true })
  expect(status()).toBe('ARCHIVED')
  expect(await page('restore')).toEqual({ restoring: true })
  expect(status()).toBe('ACTIVATING')
})
