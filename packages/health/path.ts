/** One step into a JSON document: a member's name or an item's index. */
export type Step = string | number

/** A parsed path with the text it came from. */
export interface Path {
  readonly text: string
  readonly steps: readonly Step[]
}

const step = /\.([A-Za-z_$][\w$-]*)|\.?\[(\d{1,9})\]|\.?\["((?:[^"\\]|\\.)*)"\]/y

/**
 * Parses a path such as `.commit`, `.checks[0].ok`, `.["odd name"]`; `.` alone is the whole document. The grammar:
 * `path = "." | step+`, `step = "." name | "[" digits "]" | "[" JSON string "]"`, the first step begins with a dot.
 * Undefined when the text is none of that.
 */
export function parsePath(text: string): Path | undefined {
  if (text === '.') return { text, steps: [] }
  if (!text.startsWith('.')) return undefined
  const steps: Step[] = []
  step.lastIndex = 0
  while (step.lastIndex < text.length) {
    const found = step.exec(text)
    if (!found) return undefined
    const [, name, index, quoted] = found
    const value = quoted === undefined ? (name ?? Number(index)) : unquote(quoted)
    if (value === undefined) return undefined
    steps.push(value)
  }
  return { text, steps }
}

function unquote(inner: string): string | undefined {
  try {
    return String(JSON.parse(`"${inner}"`))
  } catch {
    return undefined
  }
}

/** The value at a path, or undefined when nothing is there. Looks only at members the document itself has. */
export function valueAt(document: unknown, path: Path): unknown {
  let here: unknown = document
  for (const step of path.steps) {
    if (typeof here !== 'object' || here === null) return undefined
    if ((typeof step === 'number') !== Array.isArray(here)) return undefined
    if (!Object.hasOwn(here, step)) return undefined
    here = (here as Readonly<Record<Step, unknown>>)[step]
  }
  return here
}
