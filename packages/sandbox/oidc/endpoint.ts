import { jsonReply, type WireReply, type WireRequest } from '../gateway/index.ts'
import type { Issuer } from './index.ts'

/**
 * The runner's token endpoint: `GET <ACTIONS_ID_TOKEN_REQUEST_URL>&audience=…` with the bearer
 * ACTIONS_ID_TOKEN_REQUEST_TOKEN answers `{value}`.
 */
export function tokenEndpoint(issuer: Issuer) {
  return async (request: WireRequest, url: URL): Promise<WireReply> => {
    const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const audience = url.searchParams.get('audience') ?? undefined
    const value = issuer.token(bearer, audience)
    if (value === undefined)
      return jsonReply(401, { message: 'Unauthorized: unknown request token' })
    return jsonReply(200, { count: value.length, value })
  }
}
