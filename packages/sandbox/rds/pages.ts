import type { Filter } from '@aws-sdk/client-rds'
import { invalidValue } from './errors.ts'

/** What the describing operations have in common. */
export interface Paging {
  readonly MaxRecords?: number | undefined
  readonly Marker?: string | undefined
}

/** One page of `items`, which are in the order of `key`. Throws InvalidParameterValue for a bad page size or marker. */
export function page<T>(
  items: readonly T[],
  { MaxRecords = 100, Marker }: Paging,
  key: (item: T) => string,
): { items: T[]; Marker?: string } {
  if (MaxRecords < 20 || MaxRecords > 100) {
    throw invalidValue(`Invalid value ${MaxRecords} for MaxRecords. Must be between 20 and 100`)
  }
  const last = Marker === undefined ? undefined : keyIn(Marker)
  const rest = items.filter((item) => last === undefined || key(item) > last)
  const shown = rest.slice(0, MaxRecords)
  const end = shown.at(-1)
  if (rest.length === shown.length || end === undefined) return { items: shown }
  return { items: shown, Marker: Buffer.from(`after:${key(end)}`).toString('base64') }
}

function keyIn(marker: string): string {
  const text = Buffer.from(marker, 'base64').toString()
  if (!text.startsWith('after:')) throw invalidValue('The marker provided is invalid.')
  return text.slice('after:'.length)
}

/** Filters by name; each gives the values of an item, one of which must be asked for. */
export type Filters<T> = Readonly<Record<string, (item: T) => readonly (string | undefined)[]>>

/** The items that pass every filter. Throws InvalidParameterValue for a filter that AWS does not know. */
export function filtered<T>(
  items: Iterable<T>,
  filters: readonly Filter[] | undefined,
  known: Filters<T>,
): T[] {
  const tests = (filters ?? []).map(({ Name = '', Values = [] }) => {
    const valuesOf = known[Name]
    if (!valuesOf) throw invalidValue(`Unrecognized filter name: ${Name}`)
    return (item: T) =>
      valuesOf(item).some((value) => value !== undefined && Values.includes(value))
  })
  return [...items].filter((item) => tests.every((passes) => passes(item)))
}
