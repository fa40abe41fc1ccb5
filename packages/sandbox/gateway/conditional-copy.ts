import { AwsError } from '../service.ts'
import type { Context, Forward } from './dispatch.ts'
import { commonError } from './errors.ts'

/**
 * S3's CopyObject with a condition on its destination, which ministack accepts without checking it: the object is looked at
 * and then copied while no other write to it passes through here. Codes as AWS documents them: 412 when the tag differs,
 * 404 for If-Match on nothing, 412 for If-None-Match on something. A tag in If-None-Match is refused: S3 knows `*` only.
 */
export function conditionalCopies(forward: Forward): Forward {
  const turns = new Map<string, Promise<unknown>>()
  return async (context) => {
    const { request, route } = context
    if (route.service !== 's3' || !/^(PUT|POST|DELETE)$/.test(request.method))
      return forward(context)
    const path = request.url.split('?')[0] ?? ''
    const mine = (turns.get(path) ?? Promise.resolve()).then(() => apply(context, forward))
    const settled = mine.catch(() => undefined)
    turns.set(path, settled)
    await settled
    if (turns.get(path) === settled) turns.delete(path)
    return mine
  }
}

async function apply(context: Context, forward: Forward) {
  const { 'if-match': match, 'if-none-match': noneMatch } = context.request.headers
  const conditional = (match ?? noneMatch) !== undefined
  if (context.route.operation !== 'CopyObject' || !conditional) return forward(context)
  if (noneMatch !== undefined && noneMatch !== '*') {
    const message = "The sandbox's S3 does not check this condition of CopyObject"
    throw commonError('not-simulated', 'xml', message)
  }
  const tag = await tagOf(context, forward)
  if (match !== undefined && tag === undefined) {
    throw new AwsError('NoSuchKey', 'The specified key does not exist.', 404)
  }
  const holds =
    (match === undefined || match === '*' || bare(match) === tag) &&
    (noneMatch === undefined || tag === undefined)
  if (!holds) {
    const message = 'At least one of the pre-conditions you specified did not hold'
    throw new AwsError('PreconditionFailed', message, 412)
  }
  const { 'if-match': _, 'if-none-match': __, ...headers } = context.request.headers
  return forward({ ...context, request: { ...context.request, headers } })
}

const bare = (tag: string) => tag.replaceAll('"', '')

/** The tag of the object that lies at the destination; undefined when none does. */
async function tagOf(context: Context, forward: Forward): Promise<string | undefined> {
  const { request, route } = context
  const kept = /^(authorization|host|x-amz-date|x-amz-security-token)$/
  const headers = Object.fromEntries(
    Object.entries(request.headers).filter(([name]) => kept.test(name)),
  )
  const url = request.url.split('?')[0] ?? ''
  const answer = await forward({
    ...context,
    request: { ...request, method: 'HEAD', url, headers, body: new Uint8Array() },
    url: new URL(url, 'http://sandbox.invalid'),
    route: { ...route, operation: 'HeadObject', mutating: false },
  })
  return answer.status === 200 ? bare(answer.headers.etag ?? '') : undefined
}
