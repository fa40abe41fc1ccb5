import type { RunResult } from '../act/index.ts'
import type { Balance } from './balance.ts'
import { clockTime, type Fact } from './facts.ts'
import { type Block, blocksOf } from './markdown.ts'

const STYLE = `
body { font: 15px/1.5 -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; color: #1f2328; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }
h1 { font-size: 1.6rem } h2 { font-size: 1.25rem; border-bottom: 1px solid #d1d9e0; padding-bottom: .3rem; margin-top: 2rem }
h3 { font-size: 1.05rem } h4 { font-size: .95rem }
table { border-collapse: collapse; margin: .5rem 0 1rem } th, td { border: 1px solid #d1d9e0; padding: .35rem .8rem; text-align: left; vertical-align: top }
tr:nth-child(even) td { background: #f6f8fa } pre { background: #f6f8fa; padding: .8rem; overflow-x: auto; white-space: pre-wrap }
section.job { border: 1px solid #d1d9e0; border-radius: 6px; padding: 0 1.2rem 1rem; margin: 1rem 0 }
.timeline td { border: 0; padding: .1rem .8rem; background: none !important } .bad { color: #d1242f } .good { color: #1a7f37 } .who { color: #59636e }
`

/** A text that means itself in HTML. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

const row = (tag: 'th' | 'td', cells: readonly string[]) =>
  `<tr>${cells.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('')}</tr>`

const table = (rows: readonly string[]) => `<table>${rows.join('\n')}</table>`

/** A block of a job summary in HTML, two heading levels below the page's own. */
export function htmlOf(block: Block): string {
  switch (block.is) {
    case 'heading': {
      const level = Math.min(6, block.level + 1)
      return `<h${level}>${escapeHtml(block.text)}</h${level}>`
    }
    case 'table':
      return table([row('th', block.header), ...block.rows.map((cells) => row('td', cells))])
    case 'code':
      return `<pre>${escapeHtml(block.lines.join('\n'))}</pre>`
    case 'text':
      return `<p>${escapeHtml(block.text)}</p>`
  }
}

/** One run with what it was about. */
export interface ToldRun {
  readonly title: string
  readonly run: RunResult
}

function runHtml({ title, run }: ToldRun): string {
  const jobs = [...new Set(run.steps.map((step) => step.job))]
  const sections = jobs.map((job) => {
    const steps = run.steps.filter((step) => step.job === job)
    const markdown = steps.map((step) => step.summary).join('\n')
    const body = blocksOf(markdown).map(htmlOf).join('\n')
    return `<section class="job"><h3>${escapeHtml(job)}: ${run.jobs[job] ?? 'did not end'}</h3>${body}</section>`
  })
  const tone = run.ok ? 'good' : 'bad'
  const end = run.ok ? 'success' : 'failure'
  return `<h2>${escapeHtml(title)}: <span class="${tone}">${end}</span></h2>${sections.join('\n')}`
}

/** One chapter with how it ended. */
export interface ToldChapter {
  readonly title: string
  readonly balance: Balance
}

function chapterHtml({ title, balance }: ToldChapter): string {
  const checks = balance.checks.map(({ what, holds }) => row('td', [holds ? '✅' : '❌', what]))
  return `<h2>${escapeHtml(title)}</h2>
${table(balance.rows.map((cells) => row('td', cells)))}
<h3>Checked from outside</h3>
${table(checks)}`
}

/** Everything of the demo as one page that needs no other file. */
export function page(told: {
  readonly chapters: readonly ToldChapter[]
  readonly facts: readonly Fact[]
  readonly beginning: number
  readonly runs: readonly ToldRun[]
}): string {
  const { chapters, facts, beginning, runs } = told
  const timeline = facts.map(
    ({ at, who, tone, text }) =>
      `<tr><td>${clockTime(at, beginning)}</td><td class="who">${who}</td><td class="${tone}">${escapeHtml(text)}</td></tr>`,
  )
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A bad release goes back by itself</title><style>${STYLE}</style></head>
<body><h1>A bad release goes back by itself</h1>
${chapters.map(chapterHtml).join('\n')}
<h2>Timeline</h2>
<table class="timeline">${timeline.join('\n')}</table>
${runs.map(runHtml).join('\n')}
</body></html>
`
}
