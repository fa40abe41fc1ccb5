import { InputError } from '#core'

/** What a template may name in the middle of a text: it does not change while a record lives. */
export const words = [
  'actor',
  'commit',
  'deployment',
  'environment',
  'opened',
  'record',
  'restore-point',
] as const
export type Word = (typeof words)[number]

/** What a template may name on a line of its own: it is filled in again when the rollback goes on. */
export const blocks = ['status', 'impact', 'timeline', 'detection', 'parts', 'links'] as const
export type Block = (typeof blocks)[number]

/** The post-mortem that a ticket is made from when the team has none of its own. */
export const usualTemplate = `{{status}}

The facts are filled in again while the rollback goes on. A section that somebody edits stays as it is left.

## Impact

{{impact}}

Who noticed what, and for how long?

## Timeline

Times are UTC.

{{timeline}}

## Detection

{{detection}}

What would have found it earlier?

## What went well

-

## What went badly

-

## Action items

| Action | Owner | Due |
| --- | --- | --- |
| Find the cause of the failure of {{commit}}, fix it, deploy the fix (the commit itself is not deployed again) | | |
| | | |

## How each part ended

{{parts}}

## Links

{{links}}
`

/** A team's template may have so many characters and words: the filled-in sections then shortened into GitHub's 65,536 beside them. */
const limits = { characters: 15_000, words: 40 }

const placeholder = /\{\{([^{}\n]*)\}\}/g
const known = [...words, ...blocks].map((name) => `{{${name}}}`).join(', ')

const isWord = (name: string): name is Word => words.some((word) => word === name)
const isBlock = (name: string): name is Block => blocks.some((block) => block === name)

/** Checks a template. Throws `InputError` with all problems. */
export function checkTemplate(path: string, text: string): string {
  const found = [...text.matchAll(placeholder)].map(([, name = '']) => name.trim())
  const unknown = [...new Set(found.filter((name) => !isWord(name) && !isBlock(name)))]
  const crowded = blocks.filter((name) => {
    const lines = text.split(/\r?\n/).filter((line) => naming(name).test(line))
    return lines.some((line) => line.replace(naming(name), '').trim() !== '')
  })
  const twice = blocks.filter((name) => found.filter((one) => one === name).length > 1)
  const problems = [
    ...unknown.map((name) => `{{${name.slice(0, 40)}}} is not known (known are ${known})`),
    ...crowded.map((name) => `{{${name}}} must stand on a line of its own`),
    ...twice.map((name) => `{{${name}}} may stand there once only`),
    ...(found.filter(isWord).length > limits.words
      ? [`more than ${limits.words} placeholders inside of texts`]
      : []),
    ...(text.length > limits.characters
      ? [`${text.length} characters: at most ${limits.characters}`]
      : []),
    ...(text.trim() === '' ? ['it is empty'] : []),
    ...(text.includes('rollback-actions:')
      ? ['it contains a mark of this action (rollback-actions:)']
      : []),
  ]
  if (problems.length > 0) throw new InputError(problems.map((one) => `template: ${path}: ${one}`))
  return text
}

const naming = (name: string) => new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`)

/** Fills a checked template in. */
export const fillTemplate = (
  text: string,
  fill: { readonly word: (name: Word) => string; readonly block: (name: Block) => string },
): string =>
  text.replaceAll(placeholder, (whole, given: string) => {
    const name = given.trim()
    if (isWord(name)) return fill.word(name)
    return isBlock(name) ? fill.block(name) : whole
  })
