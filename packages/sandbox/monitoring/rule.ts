import { AwsError } from '../service.ts'

/** A rule of a composite alarm as a question about the state of others. */
export type Rule = (stateOf: (name: string) => string | undefined) => boolean

const token =
  /\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|'([^']+)'|([^\s()"']+))\s*\)|(AND|OR|NOT|TRUE|FALSE)\b|([()]))/y

type Token =
  | { readonly is: 'state'; readonly state: string; readonly name: string }
  | { readonly is: 'word'; readonly word: string }

function tokensOf(text: string): readonly Token[] {
  const found: Token[] = []
  token.lastIndex = 0
  while (token.lastIndex < text.trimEnd().length) {
    const [, state, double, single, bare, word, bracket] = token.exec(text) ?? []
    if (state !== undefined)
      found.push({ is: 'state', state, name: shortName(double ?? single ?? bare ?? '') })
    else if (word !== undefined || bracket !== undefined)
      found.push({ is: 'word', word: word ?? bracket ?? '' })
    else throw wrong(text)
  }
  return found
}

/** A rule may name an alarm by its ARN. */
const shortName = (name: string) => name.replace(/^arn:aws:cloudwatch:[^:]*:\d{12}:alarm:/, '')

const wrong = (text: string) =>
  new AwsError('ValidationError', `Invalid alarm rule: ${text.slice(0, 100)}`)

/** Parses `ALARM("a") AND NOT OK(b)`: OR binds weakest, NOT strongest. Throws AwsError `ValidationError`. */
export function parseRule(text: string): Rule {
  const tokens = [...tokensOf(text)]
  const take = (word: string) => {
    const [next] = tokens
    if (next?.is !== 'word' || next.word !== word) return false
    tokens.shift()
    return true
  }
  const either = (): Rule => {
    const parts = [both()]
    while (take('OR')) parts.push(both())
    return (stateOf) => parts.some((part) => part(stateOf))
  }
  const both = (): Rule => {
    const parts = [one()]
    while (take('AND')) parts.push(one())
    return (stateOf) => parts.every((part) => part(stateOf))
  }
  const one = (): Rule => {
    if (take('NOT')) {
      const part = one()
      return (stateOf) => !part(stateOf)
    }
    if (take('TRUE')) return () => true
    if (take('FALSE')) return () => false
    if (take('(')) {
      const part = either()
      if (!take(')')) throw wrong(text)
      return part
    }
    const next = tokens.shift()
    if (next?.is !== 'state') throw wrong(text)
    return (stateOf) => stateOf(next.name) === next.state
  }
  const rule = either()
  if (tokens.length > 0) throw wrong(text)
  return rule
}
