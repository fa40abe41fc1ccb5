import { digester } from '#aws'
import type { ConfigState } from '#store'
import { changeOf, type Item, planAll, type Sources } from './items.ts'
import type { ConfigChoice } from './settings.ts'

/** How one secret or parameter stands against a destination. No value is in it. */
export interface ConfigRow {
  readonly kind: 'secret' | 'parameter'
  readonly name: string
  /** `stays`: it differs and may not go back, as `why` says. */
  readonly is: 'same' | 'change' | 'stays' | 'gone'
  /** `from` is what is in force, `to` the destination's. */
  readonly from: string
  readonly to: string
  readonly why: string
}

/**
 * Compares secrets and parameters with a destination. Read-only; the history of a parameter is read only where its version differs.
 * A cutover's connection is desired state and never a difference.
 */
export async function compareConfig(
  sources: Sources,
  choice: ConfigChoice & { readonly connection: string | undefined },
  state: ConfigState,
): Promise<readonly ConfigRow[]> {
  const settings = { choice, connection: choice.connection }
  const items = await planAll(sources, { settings, state, entries: [] })
  const digest = digester()
  return items.map((item) => {
    const [from = '', to = ''] = changeOf(item, digest).split(' → ')
    return { kind: item.kind, name: item.name, ...standing(item), from, to }
  })
}

function standing({ plan }: Item): Pick<ConfigRow, 'is' | 'why'> {
  switch (plan.is) {
    case 'move':
    case 'put':
      return { is: 'change', why: '' }
    case 'unchanged':
    case 'superseded':
      return { is: 'same', why: plan.why }
    case 'refused':
      return { is: plan.gone ? 'gone' : 'stays', why: plan.why }
  }
}
