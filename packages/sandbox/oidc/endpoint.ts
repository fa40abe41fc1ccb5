import * as z from 'zod'
import { jsonReply, type WireReply, type WireRequest } from '../gateway/index.ts'
import type { Admin } from '../service.ts'
import type { Issuer } from './index.ts'

const faultCall = z.strictObject({
  status: z.number().int().min(400).max(599).nullable().optional(),
  lifetimeSeconds: z.number().nullable().optional(),
})

/**
 * The runner's token endpoint: `GET <ACTIONS_ID_TOKEN_REQUEST_URL>&audience=…` with the bearer
 * ACTIONS_ID_TOKEN_REQUEST_TOKEN answers `{value}`. Its admin call `tokens`: PUT `{"status": 503}` answers so from then on,
 * `{"lifetimeSeconds": -1}` gives tokens that have ended, both null again as on a runner; every answer says how many were given
 * and refused.
 */
export function tokenEndpoint(issuer: Issuer) {
  let fault: z.infer<typeof faultCall> = {}
  const counts = { given: 0, refused: 0 }
  const page = async (request: WireRequest, url: URL): Promise<WireReply> => {
    const bearer = /^bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
    const audience = url.searchParams.get('audience') ?? undefined
    const value = issuer.token(bearer, audience, fault.lifetimeSeconds ?? undefined)
    if (fault.status || value === undefined) {
      counts.refused += 1
      const message = fault.status ? 'The service is unavailable.' : 'unknown request token'
      return jsonReply(fault.status ?? 401, { message })
    }
    counts.given += 1
    return jsonReply(200, { count: value.length, value })
  }
  const admin: Admin = async (body, _url, method) => {
    if (method === 'PUT') fault = faultCall.parse(body)
    return { ...fault, ...counts }
  }
  return { page, admin }
}
