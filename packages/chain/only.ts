import type { ComponentName } from '#store'
import { schemaStays } from './matrix.ts'
import type { ProfileChoice } from './profile.ts'

/** What alone goes back; everything when undefined. */
export type Only = readonly ComponentName[] | undefined

/** Whether a component is among those that go back. */
export const isChosen = (only: Only, name: ComponentName): boolean =>
  only === undefined || only.includes(name)

/** A choice in words. */
export const onlyText = (only: Only): string => (only === undefined ? 'all' : only.join(', '))

/** Which of schema and code a choice would move alone, away from the other. */
type Torn = 'old code' | 'old schema' | 'neither'

/**
 * The way back for chosen components alone. Code and a schema that it cannot live with go back together or not at all; what concerns
 * neither leaves the database as it is.
 */
export function narrowed(
  way: ProfileChoice,
  only: Only,
  /** Whether the services run the destination's code already. */
  servicesSame: boolean,
): ProfileChoice {
  if (only === undefined || schemaStays(way.schema)) return way
  const services = only.includes('services')
  const database = only.includes('database')
  if (!services && !database) return untouched(way)
  switch (torn({ services: services || servicesSame, database })) {
    case 'neither':
      return way
    case 'old code':
      return {
        ...way,
        torn: 'database',
        impossible: `older code would run on a schema that it cannot live with, because the database was not chosen: ${way.why}`,
      }
    case 'old schema':
      return {
        ...way,
        torn: 'services',
        impossible: `newer code would run on an older schema, because the services were not chosen: ${way.why}`,
      }
  }
}

function torn(goes: { readonly services: boolean; readonly database: boolean }): Torn {
  if (goes.services && goes.database) return 'neither'
  return goes.services ? 'old code' : 'old schema'
}

/** Front end and configuration alone go back in the order of profile A, or of D where something of theirs is gone. */
function untouched(way: ProfileChoice): ProfileChoice {
  const { impossible: _, ...rest } = way
  const nothing: Pick<ProfileChoice, 'consent' | 'lost'> = { consent: false, lost: 'nothing' }
  return {
    ...rest,
    ...nothing,
    profile: way.gone.length > 0 ? 'D' : 'A',
    why: `it was not chosen (${way.why})`,
  }
}
