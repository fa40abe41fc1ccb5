import { CallError, type Run } from '#core'
import type { Point, Store } from '#store'
import type { SiteClients } from './client.ts'
import { unversioned, versioningOf } from './look.ts'
import { planSite } from './plan.ts'
import { type SiteConfig, siteOf } from './settings.ts'
import { counted } from './table.ts'
import { atPoint } from './target.ts'

/** What a restore of the site to a point would do. */
export type SiteDifference =
  | { readonly is: 'same' }
  | {
      readonly is: 'differs'
      /** Objects that would be put back or hidden. */
      readonly objects: number
      /** Those of them that are pages or service workers. */
      readonly documents: number
      readonly why: string
    }
  | { readonly is: 'refused'; readonly why: string }

const refused = (why: string): SiteDifference => ({ is: 'refused', why })

/** Compares a site with a restore point, by the plan of a restore; changes nothing. */
export async function compareSite(
  run: Run,
  ports: { readonly clients: SiteClients; readonly store: Store; readonly config: SiteConfig },
  point: Point,
): Promise<SiteDifference> {
  const { clients, store, config } = ports
  const site = siteOf(config)
  const status = unversioned(site.bucket, await versioningOf(clients, site))
  if (status !== undefined) return refused(status)
  try {
    const found = await atPoint(store, site, { point, because: point.id })
    if (found.is === 'none') return refused(found.why)
    const { target } = found
    const wanted = { site, target, created: 'hide-documents', begun: undefined } as const
    const { plan } = await planSite(run, clients, wanted)
    switch (plan.is) {
      case 'refused':
        return refused(plan.why)
      case 'unchanged':
        return { is: 'same' }
      case 'operations':
        return differs(plan.operations)
    }
  } catch (thrown) {
    // A manifest that is gone or was changed is the point's fault, not that of this look.
    if (!(thrown instanceof CallError) || thrown.code !== 'MalformedDocument') throw thrown
    return refused(`${thrown.message}; ${thrown.next}`)
  }
}

function differs(
  operations: readonly { readonly do: string; readonly kind: string }[],
): SiteDifference {
  const hidden = operations.filter((one) => one.do === 'hide').length
  const documents = operations.filter(({ kind }) => /^(document|service-worker)$/.test(kind)).length
  const why = `${counted(operations.length - hidden, 'object')} to put back, ${hidden} to hide`
  return { is: 'differs', objects: operations.length, documents, why }
}
