import { codeBlock, escapeMarkdown, marks, passes, type Result, type Section } from '#core'
import { gantt, rowsOf } from './chart.ts'

/** GitHub drops a summary of more than 1 MiB whole; bytes. */
const limit = 900_000

/** The job summary of a result, as Markdown. */
export function summaryOf(title: string, result: Result): string {
  const parts = [
    `## ${marks[result.outcome]} ${escapeMarkdown(title)}: ${result.outcome}`,
    escapeMarkdown(result.headline),
    ...(result.sections ?? []).map(sectionOf),
    ...(result.next?.length ? [nextOf(result)] : []),
  ]
  const text = `${parts.join('\n\n')}\n\n`
  if (Buffer.byteLength(text) <= limit) return text
  return `${parts.slice(0, 2).join('\n\n')}\n\nThe details are too long for a summary: see the report file.\n\n`
}

function nextOf(result: Result): string {
  const title = passes(result.outcome) ? 'Next' : 'What to do next'
  return `### ${title}\n\n${codeBlock(result.next ?? [])}`
}

function sectionOf(section: Section): string {
  const title = `### ${escapeMarkdown(section.title)}`
  if ('text' in section) return `${title}\n\n${escapeMarkdown(section.text)}`
  if ('chart' in section) return `${title}\n\n${gantt(section.chart)}`
  if ('links' in section) return [title, '', ...section.links.map(linkOf)].join('\n')
  const row = (cells: readonly string[]) => `| ${cells.map(escapeMarkdown).join(' | ')} |`
  const rule = `|${section.columns.map(() => ' --- |').join('')}`
  return [title, '', row(section.columns), rule, ...section.rows.map(row)].join('\n')
}

/** Letters of an address that end neither a link nor a table cell, and start no HTML. */
const plainAddress = /^https:\/\/[a-z0-9.-]+(\/[\w.~/%$?=&#:,+-]*)?$/

function linkOf({ text, url }: { readonly text: string; readonly url: string }): string {
  if (!plainAddress.test(url)) return `- ${escapeMarkdown(`${text}: ${url}`)}`
  // GitHub takes what stands between two dollar signs for a formula.
  const address = url.replaceAll('&', '&amp;').replaceAll('$', '&#36;')
  return `- [${escapeMarkdown(text)}](${address})`
}

/** The same result as plain lines for the log. */
export function linesOf(result: Result): readonly string[] {
  return [
    ...(result.sections ?? []).flatMap(linesOfSection),
    ...(result.next?.length ? ['Next:', ...result.next.map((line) => `  ${line}`)] : []),
  ]
}

function linesOfSection(section: Section): readonly string[] {
  if ('text' in section) return [`${section.title}: ${section.text}`]
  if ('links' in section)
    return [section.title, ...section.links.map(({ text, url }) => `  ${text}: ${url}`)]
  const rows = 'chart' in section ? rowsOf(section.chart) : [section.columns, ...section.rows]
  return [section.title, ...aligned(rows).map((line) => `  ${line}`)]
}

function aligned(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.min(48, Math.max(...rows.map((row) => (row[column] ?? '').length))),
  )
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
