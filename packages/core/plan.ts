/** A pure answer to "what has to be done": printable, and printing it is all that a dry run does. */
export type Plan<Operation> =
  | { readonly is: 'operations'; readonly operations: readonly Operation[] }
  | { readonly is: 'unchanged'; readonly why: string }
  | { readonly is: 'refused'; readonly why: string; readonly next?: string }

/** A plan with operations, or `unchanged` when there are none. */
export function operations<Operation>(list: readonly Operation[], why: string): Plan<Operation> {
  return list.length > 0 ? { is: 'operations', operations: list } : unchanged(why)
}

/** A plan that finds everything as it should be. */
export function unchanged(why: string): Plan<never> {
  return { is: 'unchanged', why }
}

/** A plan that must not be carried out; `next` is what a person can do instead. */
export function refused(why: string, next?: string): Plan<never> {
  return next === undefined ? { is: 'refused', why } : { is: 'refused', why, next }
}
