import { AwsError } from '../service.ts'

/** Tells whether a message matches a filter pattern. */
export type Matches = (message: string) => boolean

const invalid = (why: string) =>
  new AwsError('InvalidParameterException', `Invalid filter pattern: ${why}`)

/**
 * A filter pattern of CloudWatch Logs ("Filter pattern syntax"): case counts; `a b` both, `?a ?b` either, `-a` not, `"a b"` a
 * phrase, `%regex%`, `{ $.level = "ERROR" }`. Throws AwsError `InvalidParameterException`.
 */
export function compilePattern(text: string): Matches {
  const pattern = text.trim()
  if (pattern === '') return () => true
  if (pattern.startsWith('{')) return compileJson(pattern)
  if (pattern.startsWith('[')) {
    throw new AwsError('NotImplemented', 'The sandbox has no space-delimited filter patterns', 501)
  }
  return compileTerms(pattern)
}

const term = /([?-]?)(?:"((?:[^"\\]|\\.)*)"|%([^%]+)%|(\w+))(?=\s|$)\s*/y

function compileTerms(pattern: string): Matches {
  const all: Matches[] = []
  const any: Matches[] = []
  term.lastIndex = 0
  while (term.lastIndex < pattern.length) {
    const found = term.exec(pattern)
    // Anything but letters, digits and _ must be in quotes.
    if (!found) throw invalid(pattern.slice(0, 60))
    const [, sign, phrase, regex, word] = found
    const holds = contains({ phrase, regex, word })
    if (sign === '-') all.push((message) => !holds(message))
    else if (sign === '?') any.push(holds)
    else all.push(holds)
  }
  // Beside terms that must be there, optional ones are ignored.
  const required = all.length > 0
  return (message) =>
    all.every((one) => one(message)) && (required || any.some((one) => one(message)))
}

function contains(given: {
  readonly phrase: string | undefined
  readonly regex: string | undefined
  readonly word: string | undefined
}): Matches {
  if (given.regex !== undefined) {
    const regex = new RegExp(given.regex)
    return (message) => regex.test(message)
  }
  const text = given.word ?? (given.phrase ?? '').replace(/\\(.)/g, '$1')
  return (message) => message.includes(text)
}

const condition =
  /\s*\(?\s*\$\.([\w.]+)\s*(?:(=|!=|>=|<=|>|<)\s*(?:"((?:[^"\\]|\\.)*)"|([\w.*+-]+))|(IS NULL|NOT EXISTS|IS TRUE|IS FALSE))\s*\)?\s*(&&|\|\|)?/y

/** Conditions joined by `&&` or `||` alone; brackets only around one of them. */
function compileJson(pattern: string): Matches {
  const inner = pattern.replace(/^\{|\}$/g, '')
  const parts: ((document: unknown) => boolean)[] = []
  const joins = new Set<string>()
  condition.lastIndex = 0
  while (condition.lastIndex < inner.trimEnd().length) {
    const found = condition.exec(inner)
    if (!found) throw invalid(pattern.slice(0, 60))
    const [, path = '', operator = '', quoted, bare, is, join] = found
    parts.push((document) => holds(at(document, path), is ?? operator, quoted ?? bare ?? ''))
    if (join !== undefined) joins.add(join)
  }
  if (joins.size > 1)
    throw new AwsError('NotImplemented', 'The sandbox joins by && or || alone', 501)
  const either = joins.has('||')
  return (message) => {
    const document = parsed(message)
    if (document === undefined) return false
    return either ? parts.some((one) => one(document)) : parts.every((one) => one(document))
  }
}

function parsed(message: string): unknown {
  try {
    return JSON.parse(message)
  } catch {
    return undefined
  }
}

const at = (document: unknown, path: string): unknown =>
  path
    .split('.')
    .reduce(
      (here: unknown, key) =>
        typeof here === 'object' && here !== null
          ? (here as Record<string, unknown>)[key]
          : undefined,
      document,
    )

function holds(value: unknown, operator: string, wanted: string): boolean {
  switch (operator) {
    case 'NOT EXISTS':
      return value === undefined
    case 'IS NULL':
      return value === null
    case 'IS TRUE':
      return value === true
    case 'IS FALSE':
      return value === false
    case '=':
      return like(value, wanted)
    case '!=':
      return value !== undefined && !like(value, wanted)
    default:
      return typeof value === 'number' && ordered(value, operator, Number(wanted))
  }
}

function ordered(value: number, operator: string, wanted: number): boolean {
  if (operator === '>') return value > wanted
  if (operator === '<') return value < wanted
  return operator === '>=' ? value >= wanted : value <= wanted
}

/** `*` stands for anything. */
function like(value: unknown, wanted: string): boolean {
  if (value === undefined || value === null || typeof value === 'object') return false
  const parts = wanted.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(String(value))
}
