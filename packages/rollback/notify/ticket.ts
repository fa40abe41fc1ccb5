import { createHash } from 'node:crypto'
import { codeBlock, marks } from '#core'
import type { Facts } from './facts.ts'
import { type Block, blocks, fillTemplate, type Word } from './template.ts'
import { code, forIssue, shortened, within } from './text.ts'

/** The most characters of an issue's or a comment's text. */
export const bodyLimit = 65_536

/** The line by which the ticket of a record is known. */
export const markOf = (record: string) => `<!-- rollback-actions:record ${record} -->`

const toldMark = /<!-- rollback-actions:told ([a-z -]{1,40}) -->/
const told = (status: string) => `<!-- rollback-actions:told ${status} -->`

/** A section that this action wrote: its name, a hash of what it wrote, and what is there now. */
const section =
  /<!-- rollback-actions:([a-z]+) ([0-9a-f]{16}) -->([\s\S]*?)<!-- \/rollback-actions:\1 -->/g

/** GitHub's editor makes other line ends; that is no edit. */
const hashOf = (content: string) =>
  createHash('sha256').update(content.replaceAll('\r\n', '\n').trim()).digest('hex').slice(0, 16)

const marked = (name: Block, content: string) =>
  `<!-- rollback-actions:${name} ${hashOf(content)} -->\n\n${content}\n\n<!-- /rollback-actions:${name} -->`

/** The title of a ticket. */
export const ticketTitle = ({ id, record }: Facts): string =>
  shortened(`Rollback ${id}: ${record.from.slice(0, 12) || record.undone} was taken back`, 200)

/** The text of a new ticket. */
export function ticketBody(template: string, facts: Facts): string {
  const filled = fillTemplate(template, {
    word: (name) => wordOf(name, facts),
    block: (name) => marked(name, contentOf(name, facts)),
  })
  return `${markOf(facts.id)}\n${told(facts.status)}\n\n${filled}`
}

/** The text of a ticket with its sections filled in again: what a person edited, and all between them, stays as it is. */
export function updatedBody(body: string, facts: Facts): string {
  const renewed = body.replaceAll(section, (whole, name: string, hash: string, content: string) => {
    const block = blocks.find((one) => one === name)
    const own = block !== undefined && hashOf(content) === hash
    return own ? marked(block, contentOf(block, facts)) : whole
  })
  return toldMark.test(renewed)
    ? renewed.replace(toldMark, told(facts.status))
    : `${told(facts.status)}\n${renewed}`
}

/** The status that a ticket tells; undefined when its mark is gone. */
export const toldStatus = (body: string): string | undefined => toldMark.exec(body)?.[1]

/** What is said below a ticket when the status has changed. */
export function changeComment(facts: Facts, before: string | undefined): string {
  const { outcome, headline, why, open, links } = facts
  const [run] = links
  return [
    `${marks[outcome]} **${shortened(headline, 600, forIssue)}**`,
    ...(before === undefined ? [] : [`It was: ${before}.`]),
    ...(why === '' ? [] : [`${open ? 'Open, because' : 'Why:'} ${shortened(why, 1500, forIssue)}`]),
    ...(run ? [`[${shortened(run.text, 160, forIssue)}](${run.url})`] : []),
  ].join('\n\n')
}

function wordOf(name: Word, { id, environment, record }: Facts): string {
  switch (name) {
    case 'actor':
      return code(record.actor)
    case 'commit':
      return code(record.from.slice(0, 12) || 'unknown')
    case 'deployment':
      return code(record.undone)
    case 'environment':
      return code(environment)
    case 'opened':
      return code(record.openedAt)
    case 'record':
      return code(id)
    case 'restore-point':
      return code(record.to)
  }
}

function contentOf(name: Block, facts: Facts): string {
  switch (name) {
    case 'status':
      return statusOf(facts)
    case 'impact':
      return listed(facts.impact, 'Nothing was measured.')
    case 'detection':
      return listed(facts.detection, 'Not known.')
    case 'timeline':
      return tableOf(
        ['At', 'What'],
        facts.timeline.map(({ at, what }) => [
          at.replace('T', ' ').replace(/(\.\d+)?Z$/, ''),
          what,
        ]),
        14_000,
      )
    case 'parts':
      return facts.parts.length === 0
        ? 'None has ended yet.'
        : tableOf(['Part', 'Outcome', 'What'], facts.parts, 6_000)
    case 'links':
      return facts.links
        .map(({ text, url }) => `- [${shortened(text, 160, forIssue)}](${url})`)
        .concat(`- record ${code(facts.id)}, restore point ${code(facts.record.to)}`)
        .join('\n')
  }
}

function statusOf({ outcome, open, headline, why, rows, next, id }: Facts): string {
  const table = [...rows, ['Record', id] as const].map(
    ([label, value]) => `| ${label} | ${shortened(value, 400, forIssue) || '–'} |`,
  )
  return [
    `${marks[outcome]} **${shortened(headline, 600, forIssue)}**`,
    ...(open && why !== '' ? [`Open, because ${shortened(why, 1500, forIssue)}`] : []),
    ['| | |', '| --- | --- |', ...table].join('\n'),
    ...(next.length > 0
      ? [`What to do next:\n\n${codeBlock(next.slice(0, 5).map((line) => shortened(line, 600)))}`]
      : []),
  ].join('\n\n')
}

const listed = (lines: readonly string[], none: string): string =>
  lines.length === 0
    ? none
    : within(lines, 3_000, {
        line: (line) => `- ${shortened(line, 600, forIssue)}`,
        omitted: (count) => `- ${count} more: all are in the record`,
      }).join('\n')

function tableOf(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
  limit: number,
): string {
  const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  const empty = columns.slice(1).map(() => '')
  const lines = within(rows, limit, {
    line: (cells) => row(cells.map((cell) => shortened(cell, 300, forIssue))),
    omitted: (count) => row([...empty, `… ${count} lines left out: all are in the record`]),
  })
  return [row(columns), row(columns.map(() => '---')), ...lines].join('\n')
}
