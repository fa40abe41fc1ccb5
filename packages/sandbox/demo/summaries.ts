import type { RunResult } from '../act/index.ts'
import type { StepName } from './facts.ts'
import { ganttHtml, ganttOf } from './gantt.ts'
import { anchor, type Html, html, shown, sign, table } from './html.ts'
import { type Block, blocksOf } from './markdown.ts'

/** One run with what it was about. */
export interface ToldRun {
  readonly title: string
  readonly run: RunResult
}

/** Headings of a summary begin at the second level, and on the page below run and job. */
const DEEPER = 3

function heading(level: number, text: string): Html {
  const name = `h${Math.min(6, level + DEEPER)}`
  return { html: `<${name}>${shown(text).html}</${name}>` }
}

/** A block of a job summary in HTML. */
export function htmlOf(block: Block): Html {
  switch (block.is) {
    case 'heading':
      return heading(block.level, block.text)
    case 'table':
      return table(block.rows, { header: block.header })
    case 'code': {
      const gantt = block.language === 'mermaid' ? ganttOf(block.lines) : undefined
      return gantt ? ganttHtml(gantt) : html`<pre>${block.lines.join('\n')}</pre>`
    }
    case 'links':
      return html`<ul>${block.links.map(({ text, url }) => html`<li><a href="${url}">${text}</a></li>`)}</ul>`
    case 'text':
      return html`<p>${shown(block.text)}</p>`
  }
}

type Step = RunResult['steps'][number]

const hasSummary = ({ summary }: Step) => summary.trim() !== ''

const jobsOf = ({ run }: ToldRun) => [...new Set(run.steps.map((step) => step.job))]

const anchorOf = ({ runId, job, step }: StepName) => anchor('run', runId, job, step)

/** Where a step's summary stands on the page; undefined if it wrote none. */
export function linkOf(runs: readonly ToldRun[], step: StepName | undefined): string | undefined {
  const run = runs.find((one) => one.run.runId === step?.runId)?.run
  const found = run?.steps.find((one) => one.job === step?.job && one.id === step.step)
  return step && found && hasSummary(found) ? anchorOf(step) : undefined
}

const nameOf = ({ name }: Step) => /\/actions\/([\w-]+)@/.exec(name)?.[1] ?? name

function stepHtml(told: ToldRun, step: Step): Html {
  const id = anchorOf({ runId: told.run.runId, job: step.job, step: step.id })
  const name = `${nameOf(step)}: summary`
  return html`<article id="${id}" aria-label="${name}">${blocksOf(step.summary).map(htmlOf)}</article>\n`
}

const stepsOf = ({ run }: ToldRun, job: string) =>
  run.steps.filter((step) => step.job === job && hasSummary(step))

function runHtml(told: ToldRun): Html {
  const { title, run } = told
  const jobs = jobsOf(told).map(
    (job) => html`<section class="job" id="${anchor('run', run.runId, job)}">
<h4>${sign(run.jobs[job] === 'success' ? 'yes' : 'no')} Job ${job}: ${run.jobs[job] ?? 'did not end'}</h4>
${stepsOf(told, job).map((step) => stepHtml(told, step))}</section>`,
  )
  return html`<section id="${anchor('run', run.runId)}"><h3>${sign(run.ok ? 'yes' : 'no')} ${title}: the run is ${run.ok ? 'green' : 'red'}</h3>${jobs}</section>`
}

/** The summaries of all jobs, step by step. */
export const summariesHtml = (runs: readonly ToldRun[]): Html => html`${runs.map(runHtml)}`

/** A list of all summaries, with links. */
export function summaryContents(runs: readonly ToldRun[]): Html {
  const items = runs.map((told) => {
    const { title, run } = told
    const jobs = jobsOf(told).map((job) => {
      const steps = stepsOf(told, job).map((step) => {
        const id = anchorOf({ runId: run.runId, job, step: step.id })
        const outcome = step.outputs.outcome ?? step.outcome
        return html`<li><a href="#${id}">${nameOf(step)}</a> ${outcome}</li>`
      })
      return html`<li><a href="#${anchor('run', run.runId, job)}">${job}</a>: <ul class="steps">${steps}</ul></li>`
    })
    return html`<li><a href="#${anchor('run', run.runId)}">${title}</a><ul>${jobs}</ul></li>`
  })
  return html`<ul>${items}</ul>`
}
