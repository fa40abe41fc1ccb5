/** A block of a job summary. Texts are plain: escapes are undone. */
export type Block =
  | { readonly is: 'heading'; readonly level: number; readonly text: string }
  | {
      readonly is: 'table'
      readonly header: readonly string[]
      readonly rows: readonly (readonly string[])[]
    }
  | { readonly is: 'code'; readonly lines: readonly string[]; readonly language?: string }
  | {
      readonly is: 'links'
      readonly links: readonly { readonly text: string; readonly url: string }[]
    }
  | { readonly is: 'text'; readonly text: string }

const link = /^- \[((?:[^\]\\]|\\.)*)\]\((https:\/\/[^)\s]*)\)$/

function linkIn(line: string): { readonly text: string; readonly url: string } {
  const [, text = '', url = ''] = link.exec(line) ?? []
  return { text: plain(text), url: plain(url) }
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&#36;': '$',
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&#64;': '@',
  '&#8203;': '',
}

/** What GitHub shows of an inline text: escapes and entities undone. */
export function plain(text: string): string {
  return text
    .replace(/\\([\\`*_{}[\]()#+!|~$-])/g, '$1')
    .replace(/&(?:amp|lt|gt|#36|#64|#8203);/g, (entity) => ENTITIES[entity] ?? entity)
}

/** The cells of a table row; an escaped bar does not end a cell. */
function cells(line: string): readonly string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '')
  return inner.split(/(?<!\\)\|/).map((cell) => plain(cell.trim()))
}

const isRule = (line = '') => /^\|(\s*:?-+:?\s*\|)+$/.test(line.trim())

/** Splits a text into its blocks; only what job summaries of the suite are made of is known. */
export function blocksOf(markdown: string): readonly Block[] {
  const lines = markdown.split('\n')
  const blocks: Block[] = []
  let at = 0
  const takeWhile = (holds: (line: string) => boolean) => {
    const from = at
    while (at < lines.length && holds(lines[at] ?? '')) at += 1
    return lines.slice(from, at)
  }
  while (at < lines.length) {
    const line = lines[at] ?? ''
    const heading = /^(#{1,6}) (.*)$/.exec(line)
    const [, fence, language] = /^(`{3,})\s*([\w-]+)?/.exec(line) ?? []
    if (line.trim() === '') {
      at += 1
    } else if (heading) {
      blocks.push({ is: 'heading', level: heading[1]?.length ?? 1, text: plain(heading[2] ?? '') })
      at += 1
    } else if (fence) {
      at += 1
      const inner = takeWhile((one) => one.trim() !== fence)
      blocks.push({ is: 'code', lines: inner, ...(language !== undefined && { language }) })
      at += 1
    } else if (line.startsWith('|') && isRule(lines[at + 1])) {
      const [header = '', , ...rows] = takeWhile((one) => one.startsWith('|'))
      blocks.push({ is: 'table', header: cells(header), rows: rows.map(cells) })
    } else if (link.test(line)) {
      blocks.push({ is: 'links', links: takeWhile((one) => link.test(one)).map(linkIn) })
    } else {
      const taken = takeWhile((one) => one.trim() !== '' && !/^(#{1,6} |`{3,}|\|)/.test(one))
      // A lone bar or mark that begins none of the blocks above is text.
      const own = taken.length > 0 ? taken : [lines[at++] ?? '']
      blocks.push({ is: 'text', text: plain(own.join(' ')) })
    }
  }
  return blocks
}
