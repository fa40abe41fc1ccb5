import { type Parser, quote } from './parsers.ts'

/** An action's inputs: each key, spelled as in action.yml, and its type. */
export type Spec = Readonly<Record<string, Parser<unknown>>>

/** The parsed inputs of a spec. */
export type Given<S extends Spec> = {
  readonly [Key in keyof S]: S[Key] extends Parser<infer T> ? T : never
}

/** Parses all inputs; every one that does not parse is a problem, and none stops the others. */
export function readInputs<S extends Spec>(
  spec: S,
  get: (name: string) => string,
): { readonly given: Given<S>; readonly problems: readonly string[] } {
  const problems: string[] = []
  const given: Record<string, unknown> = {}
  for (const [name, parser] of Object.entries(spec)) {
    const text = get(name).trim()
    const parsed = parser(text)
    if (parsed.ok) given[name] = parsed.value
    else
      problems.push(
        `${name}: expected ${parsed.expected}${text === '' ? '' : `, got ${quote(text)}`}`,
      )
  }
  return { given: given as Given<S>, problems }
}
