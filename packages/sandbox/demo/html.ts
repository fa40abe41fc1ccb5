/** A piece of a page that is markup already. */
export interface Html {
  readonly html: string
}

/** What may stand in a piece of markup: texts are escaped, markup is not, nothing is nothing. */
export type Part = string | number | Html | readonly Part[] | undefined

// Neither HTML nor XML has a way to write these characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
const UNWRITABLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\ufffe\uffff]/g

/** A text that means itself in HTML, between tags and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replace(UNWRITABLE, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function written(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  return 'html' in part ? part.html : part.map(written).join('')
}

/** Markup whose values are escaped, unless they are markup themselves. Attributes stand in quotes. */
export function html(texts: TemplateStringsArray, ...values: readonly Part[]): Html {
  return { html: texts.map((text, index) => text + written(values[index])).join('') }
}

/** An id, and the end of a link to it, made of any text. */
export const anchor = (...texts: readonly string[]): string =>
  texts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '') || 'x'

/** A number of a drawing: a tenth of a pixel is enough. */
export const px = (value: number): string => String(Math.round(value * 10) / 10)

type Sign = 'yes' | 'no' | 'warn' | 'stop' | 'back' | 'note' | 'unknown'

const signs: Readonly<Record<string, Sign>> = {
  '✅': 'yes',
  '✔': 'yes',
  '❌': 'no',
  '✘': 'no',
  '⚠️': 'warn',
  '⚠': 'warn',
  '⛔': 'stop',
  '↪️': 'back',
  '↪': 'back',
  '📝': 'note',
  '❔': 'unknown',
}

const strokes: Readonly<Record<Sign, string>> = {
  yes: 'M4 8.5l3 3 5-6',
  no: 'M5 5l6 6M11 5l-6 6',
  warn: 'M8 4v5M8 11.2v.6',
  stop: 'M4.5 8h7',
  back: 'M11.5 11V8.5a2 2 0 0 0-2-2H4.5M7 4L4.5 6.5 7 9',
  note: 'M5 6h6M5 8.5h6M5 11h3.5',
  unknown: 'M6 6.2a2 2 0 1 1 2.9 1.9c-.6.3-.9.6-.9 1.2M8 11.4v.5',
}

const meanings: Readonly<Record<Sign, string>> = {
  yes: 'yes',
  no: 'no',
  warn: 'warning',
  stop: 'refused',
  back: 'superseded',
  note: 'planned',
  unknown: 'not known',
}

/** A sign that needs no font. */
export const sign = (is: Sign): Html =>
  html`<svg class="sign ${is}" viewBox="0 0 16 16" role="img" aria-label="${meanings[is]}"><circle cx="8" cy="8" r="7.5"/><path d="${strokes[is]}"/></svg>`

const LEVELS = '▁▂▃▄▅▆▇█'

/** A line of bars as a drawing; `▁` is drawn low and `·` is left out. */
function bars(text: string): Html {
  const rects = [...text].map((one, index) => {
    const level = LEVELS.indexOf(one) + 1
    const height = level === 0 ? 0 : 2 + (level / LEVELS.length) * 12
    return html`<rect x="${index * 6}" y="${px(14 - height)}" width="5" height="${px(height)}"/>`
  })
  const width = text.length * 6
  return html`<svg class="bars" width="${width}" height="14" viewBox="0 0 ${width} 14" role="img" aria-label="${text}">${rects}</svg>`
}

// Longest first: a sign may be followed by the mark that asks for its coloured form.
const SYMBOLS = /(✅|✔|❌|✘|⚠️|⚠|⛔|↪️|↪|📝|❔|[▁▂▃▄▅▆▇█](?:[▁▂▃▄▅▆▇█·]*[▁▂▃▄▅▆▇█])?)/u

/** A text in which signs and bars, which many machines have no font for, are drawings. */
export function shown(text: string): Html {
  // What was captured stands between the texts.
  const parts = text.split(SYMBOLS).map((part, index): Part => {
    if (index % 2 === 0) return part
    const known = signs[part]
    return known ? sign(known) : bars(part)
  })
  return html`${parts}`
}

/** How a table's cells are written. */
export interface TableOptions {
  readonly header?: readonly string[]
  /** A name for those who do not see the table. */
  readonly caption?: string
  /** True if the first cell of each row is its header. */
  readonly named?: boolean
}

/** A table in a box of its own, which scrolls when the window is too narrow. */
export function table(
  rows: readonly (readonly Part[])[],
  { header, caption, named = false }: TableOptions = {},
): Html {
  const cell = (part: Part, index: number) =>
    named && index === 0
      ? html`<th scope="row">${display(part)}</th>`
      : html`<td>${display(part)}</td>`
  const head =
    header &&
    html`<thead><tr>${header.map((one) => html`<th scope="col">${one}</th>`)}</tr></thead>`
  const body = rows.map((row) => html`<tr>${row.map(cell)}</tr>\n`)
  const label = caption ?? header?.join(', ') ?? 'table'
  return html`<div class="box" role="region" tabindex="0" aria-label="${label}"><table>${head}<tbody>${body}</tbody></table></div>`
}

const display = (part: Part): Part => (typeof part === 'string' ? shown(part) : part)
