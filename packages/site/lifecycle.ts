import { GetBucketLifecycleConfigurationCommand, type LifecycleRule } from '@aws-sdk/client-s3'
import { call, codeOf, isDenied } from '#aws'
import { CallError } from '#core'
import type { SiteClients } from './client.ts'
import type { Site } from './state.ts'
import { counted } from './table.ts'

/** A rule that deletes old versions of the site's objects. */
export interface Expiry {
  readonly days: number
  readonly text: string
}

/** Reads which rules delete old versions. Answers why that is not known when this role may not ask. */
export async function expiries(
  clients: SiteClients,
  site: Site,
): Promise<{ readonly rules: readonly Expiry[]; readonly unknown?: string }> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: site.bucket })
    const { Rules = [] } = await call(clients.s3, command, site.bucket)
    return { rules: Rules.flatMap((rule) => expiryOf(rule, site)) }
  } catch (thrown) {
    if (codeOf(thrown) === 'NoSuchLifecycleConfiguration') return { rules: [] }
    if (!(thrown instanceof CallError) || !isDenied(thrown)) throw thrown
    const unknown = `how long old versions are kept is not known: ${thrown.message}; ${thrown.next}`
    return { rules: [], unknown }
  }
}

function expiryOf(rule: LifecycleRule, { bucket, prefix }: Site): readonly Expiry[] {
  const { Status, NoncurrentVersionExpiration: expires, Filter, ID = 'without id' } = rule
  const days = expires?.NoncurrentDays
  if (Status !== 'Enabled' || days === undefined) return []
  const below = Filter?.Prefix ?? Filter?.And?.Prefix ?? rule.Prefix ?? ''
  if (!below.startsWith(prefix) && !prefix.startsWith(below)) return []
  const kept = expires?.NewerNoncurrentVersions
  const text = `rule ${ID} of bucket ${bucket} deletes versions ${counted(days, 'day')} after they were replaced${kept === undefined ? '' : ` (the newest ${kept} stay)`}`
  return [{ days, text }]
}

const day = 86_400

/**
 * Why a time lies too far back: what was replaced after it may be deleted by now, and then looks as if it had been created since.
 * Seconds.
 */
export const tooOld = (
  rules: readonly Expiry[],
  { time, now }: { readonly time: number; readonly now: number },
): string | undefined => rules.find(({ days }) => time + days * day < now)?.text
