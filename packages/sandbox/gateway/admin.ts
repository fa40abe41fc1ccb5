import type { Admin } from '../service.ts'
import type { CallFilter, CallLog } from './calls.ts'
import { type Faults, parseFaults } from './faults.ts'
import { jsonReply, textOf, type WireReply, type WireRequest } from './wire.ts'

/** What the admin calls work on. */
export interface AdminParts {
  readonly admin: Readonly<Record<string, Admin>>
  readonly calls: CallLog
  readonly faults: Faults
}

/** The filter in a query string: `account`, `service`, `operation`, `mutating`, `after`. */
function filterOf(url: URL): CallFilter {
  const text = (name: string) => url.searchParams.get(name) ?? undefined
  const filter = {
    account: text('account'),
    service: text('service'),
    operation: text('operation'),
    mutating: text('mutating') === undefined ? undefined : text('mutating') === 'true',
    after: text('after') === undefined ? undefined : Number(text('after')),
  }
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined))
}

function builtIn({ calls, faults }: AdminParts): Record<string, Admin> {
  return {
    health: async () => ({ status: 'ok' }),
    calls: async (_body, url, method) => {
      if (method === 'DELETE') return calls.clear()
      return { calls: calls.list(filterOf(url)), counts: calls.count(filterOf(url)) }
    },
    faults: async (body, _url, method) => {
      if (method === 'DELETE') faults.clear()
      if (method === 'PUT') faults.set(parseFaults(body))
      if (method === 'POST') for (const rule of parseFaults(body)) faults.add(rule)
      return { faults: faults.list() }
    },
  }
}

/** Answers `/_sandbox/<name>`: JSON in, JSON out; 404 for an unknown name, 400 with the reason for a bad call. */
export async function answerAdmin(
  call: { request: WireRequest; url: URL; name: string },
  parts: AdminParts,
): Promise<WireReply> {
  const known = { ...parts.admin, ...builtIn(parts) }
  const admin = Object.hasOwn(known, call.name) ? known[call.name] : undefined
  if (!admin) {
    return jsonReply(404, { error: `no admin call ${call.name}`, known: Object.keys(known).sort() })
  }
  try {
    const text = textOf(call.request.body)
    const body: unknown = text === '' ? undefined : JSON.parse(text)
    return jsonReply(200, await admin(body, call.url, call.request.method))
  } catch (error) {
    return jsonReply(400, { error: error instanceof Error ? error.message : String(error) })
  }
}
