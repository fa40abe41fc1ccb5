import { HeadObjectCommand } from '@aws-sdk/client-s3'
import { call, codeOf } from '#aws'
import type { EcsClients } from '../client.ts'
import { type Answer, inspectEach, type Seen, there } from './answer.ts'
import type { FileNeed } from './needs.ts'

/** Looks whether files are there, without reading them. */
export function inspectFiles(
  clients: EcsClients,
  files: readonly FileNeed[],
): Promise<Seen<FileNeed>> {
  return inspectEach(files, (file) => inspect(clients, file))
}

/** Who may not list the bucket is told 403 for what is not there: that is doubt. */
async function inspect(clients: EcsClients, { bucket, key, name }: FileNeed): Promise<Answer> {
  try {
    await call(clients.files, new HeadObjectCommand({ Bucket: bucket, Key: key }), name)
    return there
  } catch (thrown) {
    if (!/^(NotFound|NoSuchKey|NoSuchBucket|404)$/.test(codeOf(thrown))) throw thrown
    return {
      is: 'lacking',
      why: `environment file ${name} is not there`,
      next: 'put it back (an older version, where the bucket keeps them), or name another destination',
    }
  }
}
