import type { Block } from './markdown.ts'

/** How to write to a terminal: its width, and whether it knows colours. */
export interface Terminal {
  readonly width: number
  readonly colours: boolean
}

export type Style = 'bold' | 'dim' | 'red' | 'green' | 'cyan'

const codes: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 }

/** A text in a style, plain where there are no colours. */
export function styled({ colours }: Terminal, style: Style, text: string): string {
  return colours ? `\u001b[${codes[style]}m${text}\u001b[0m` : text
}

/** A text in lines of at most `width` characters, broken at spaces where there are some. */
export function wrapped(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (longer.length <= width) {
      line = longer
      continue
    }
    if (line !== '') lines.push(line)
    line = word
    while (line.length > width) {
      lines.push(line.slice(0, width))
      line = line.slice(width)
    }
  }
  return [...lines, line]
}

/** Words longer than this are broken; shorter ones keep their column from getting narrower. */
const LONG_WORD = 28

const longest = (texts: readonly string[]) => Math.max(1, ...texts.map((text) => text.length))

/** Column widths that fit as far as they can: the widest column gives way, but not below its longest word. */
function widthsOf(rows: readonly (readonly string[])[], total: number): readonly number[] {
  const count = Math.max(0, ...rows.map((row) => row.length))
  const columns = Array.from({ length: count }, (_, column) => {
    const cells = rows.map((row) => row[column] ?? '')
    const words = cells.flatMap((cell) => cell.split(' '))
    return { width: longest(cells), least: Math.min(LONG_WORD, longest(words)) }
  })
  const used = () => columns.reduce((sum, { width }) => sum + width + 2, -2)
  while (used() > total) {
    const yielding = columns.filter(({ width, least }) => width > least)
    const widest = yielding.sort((a, b) => b.width - a.width)[0]
    if (!widest) break
    widest.width -= 1
  }
  return columns.map(({ width }) => width)
}

/** Rows as aligned columns, cells wrapped to the terminal's width; the first row is the header if `header` is true. */
export function columns(
  terminal: Terminal,
  rows: readonly (readonly string[])[],
  header = false,
): readonly string[] {
  const widths = widthsOf(rows, terminal.width)
  return rows.flatMap((row, index) => {
    const parts = widths.map((width, column) => wrapped(row[column] ?? '', width))
    const height = Math.max(1, ...parts.map((part) => part.length))
    const lines = Array.from({ length: height }, (_, line) =>
      parts
        .map((part, column) => (part[line] ?? '').padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    return header && index === 0 ? lines.map((line) => styled(terminal, 'bold', line)) : lines
  })
}

function blockLines(terminal: Terminal, block: Block): readonly string[] {
  switch (block.is) {
    case 'heading':
      return ['', styled(terminal, 'bold', block.text)]
    case 'table':
      return columns(terminal, [block.header, ...block.rows], true)
    case 'code':
      return block.lines.map((line) => styled(terminal, 'cyan', `  ${line}`))
    case 'links':
      return block.links.flatMap(({ text, url }) => wrapped(`${text}: ${url}`, terminal.width))
    case 'text':
      return wrapped(block.text, terminal.width)
  }
}

/** A job summary as lines for a terminal. */
export const linesOf = (terminal: Terminal, blocks: readonly Block[]): readonly string[] =>
  blocks.flatMap((block) => blockLines(terminal, block))
