import { type Balance, type Evidence, lostRows, momentsOf } from './balance.ts'
import { colourOf, releasesOf, trafficChart } from './chart.ts'
import { shortTime } from './gantt.ts'
import { anchor, type Html, html, sign, table } from './html.ts'
import { type Mark, marksOf, marksOfStory } from './marks.ts'
import { restoredOf } from './restored.ts'
import { intervalOf, type Measured, type Span } from './scale.ts'
import { linkOf, type ToldRun } from './summaries.ts'

/** One chapter with how it ended. */
export interface ToldChapter {
  readonly title: string
  readonly evidence: Evidence
  readonly balance: Balance
}

/** What the charts are drawn from. */
export interface Traffic {
  readonly beginning: number
  readonly requests: readonly Measured[]
  readonly visits: readonly Measured[]
  readonly runs: readonly ToldRun[]
}

/** What a chapter is called. */
export const nameOfChapter = ({ evidence }: ToldChapter) => `Release ${evidence.chapter.release}`

/** The id of a chapter's part of the page. */
export const chapterAnchor = ({ evidence }: ToldChapter) =>
  anchor('release', String(evidence.chapter.release))

interface Drawn {
  readonly id: string
  readonly title: string
  readonly span: Span
  readonly every: number
  readonly marks: readonly Mark[]
}

/** A chart in a box of its own, with the key to its colours. */
function figure({ beginning, requests, visits, runs }: Traffic, drawn: Drawn, note: Html): Html {
  const within = ({ at }: Measured) => at >= drawn.span.from && at < drawn.span.to
  const seen = requests.filter(within)
  const link = ({ step }: Mark) => linkOf(runs, step)
  const met = visits.filter(within)
  const chart = trafficChart({
    ...drawn,
    ...{ beginning, requests: seen, visits: met, releases: releasesOf(requests), linkOf: link },
  })
  const all = releasesOf(requests)
  const releases = releasesOf(seen).map(
    (one) => html`<li><i class="${colourOf(all, one)}"></i>release ${one} answers</li>`,
  )
  return html`<figure><div class="box" role="region" tabindex="0" aria-label="${drawn.title}">${chart}</div>
<ul class="key"><li><i class="ok"></i>served</li><li><i class="failed"></i>failed</li>${releases}</ul>
<figcaption>${note}</figcaption></figure>`
}

const measured = html`Measured by clients outside. A request counts when its answer came, or after 3 s when none did.`

/** The whole story in one chart. */
export function storyFigure(
  traffic: Traffic,
  chapters: readonly ToldChapter[],
  scale: number,
): Html {
  const all = [...traffic.requests, ...traffic.visits].map(({ at }) => at)
  const span = { from: Math.min(...all), to: Math.max(...all) + 1 }
  const marks = marksOfStory(chapters.map(({ evidence }) => evidence))
  const drawn = {
    id: 'story',
    title: 'Requests and failures of the whole story',
    span,
    every: intervalOf(span, 100),
    marks,
  }
  return figure(
    traffic,
    drawn,
    html`${measured} The axis has real seconds. Only the delays of AWS itself (rollouts, snapshots, a restore, invalidations) are ${scale} times shorter than at AWS; programs,
requests, actions and the checks, which watch for 3 s here, run at their own speed. So there is no axis in simulated minutes, and no number here says how long an account at AWS would take. Between two chapters the customers pause, while everything is counted.`,
  )
}

const later = (moment: number | undefined, broke: number | undefined) =>
  moment === undefined || broke === undefined ? 'never' : shortTime(moment - broke)

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

function rowsInWords(evidence: Evidence): string {
  const lost = lostRows(evidence)
  if (lost.all === 0) return 'No acknowledged row was lost.'
  return evidence.chapter.data === 'restored'
    ? `The data went back to the snapshot, as was agreed in advance: ${lost.all} rows written after it are lost, ${lost.fromBefore} from before it.`
    : `${lost.all} acknowledged rows are lost.`
}

/** What happened, in a few words. */
export function sentence({ evidence }: ToldChapter): string {
  const { broke, found, good, closed } = momentsOf(evidence)
  const why = capital(evidence.chapter.why)
  if (broke === undefined) return `${why}. Nobody was hurt.`
  const after = (moment: number) => shortTime(moment - broke)
  return [
    `${why}.`,
    found === undefined
      ? 'It was never found unhealthy.'
      : `It was found unhealthy ${after(found)} after the first failure.`,
    good === undefined
      ? 'Not everybody is served again.'
      : `Everybody was served again after ${after(good)}.`,
    closed === undefined
      ? 'The rollback did not end well.'
      : `Everything was back and verified after ${after(closed)}.`,
    rowsInWords(evidence),
  ].join(' ')
}

interface Figure {
  readonly name: string
  readonly value: string
  readonly small: string
}

/** The numbers that a chapter is measured by. */
export function figuresOf({ evidence, balance }: ToldChapter): readonly Figure[] {
  const { traffic, visits, before, after } = evidence
  const { broke, found, good, closed } = momentsOf(evidence)
  const lost = lostRows(evidence)
  const files = before.site?.files ?? []
  const back = files.filter(({ path, sha256 }) =>
    after.site?.files.some((one) => one.path === path && one.sha256 === sha256),
  )
  const holding = balance.checks.filter(({ holds }) => holds).length
  return [
    { name: 'Found unhealthy after', value: later(found, broke), small: '' },
    { name: 'Bad traffic ended after', value: later(good, broke), small: '' },
    { name: 'All back, verified after', value: later(closed, broke), small: '' },
    { name: 'Requests', value: `${traffic.failed} failed`, small: `${traffic.ok} served` },
    ...(visits
      ? [{ name: 'Page visits', value: `${visits.failed} broken`, small: `${visits.ok} whole` }]
      : []),
    {
      name: 'Rows',
      value: `${lost.all} lost`,
      small: `of ${traffic.acknowledged.length} acknowledged`,
    },
    ...(files.length > 0
      ? [
          {
            name: 'Front end',
            value: `${back.length} of ${files.length}`,
            small: 'files byte for byte',
          },
        ]
      : []),
    {
      name: 'Checks from outside',
      value: `${holding} of ${balance.checks.length}`,
      small: 'hold',
    },
  ]
}

/** A chapter in one look. */
export function cardHtml(chapter: ToldChapter): Html {
  const { balance } = chapter
  const numbers = figuresOf(chapter).map(
    ({ name, value, small }) =>
      html`<div><dt>${name}</dt><dd>${value}${small && html` <small>${small}</small>`}</dd></div>`,
  )
  return html`<section class="card"><h2>${sign(balance.isBack ? 'yes' : 'no')} <a href="#${chapterAnchor(chapter)}">${nameOfChapter(chapter)}</a></h2>
<p>${sentence(chapter)}</p><dl class="numbers">${numbers}</dl></section>`
}

function restoredTable({ evidence, title }: ToldChapter): Html {
  const rows = restoredOf(evidence).map(({ component, before, bad, after, proof, holds }) => [
    component,
    before,
    bad,
    after,
    html`${sign(holds ? 'yes' : 'no')} ${holds ? '' : 'NOT so: '}${proof}`,
  ])
  const header = ['component', 'before', 'when found unhealthy', 'after the rollback', 'proof']
  return table(rows, { header, named: true, caption: `What was restored: ${title}` })
}

/** A chapter in full: its chart, what was restored, and what was checked. */
export function chapterHtml(chapter: ToldChapter, traffic: Traffic): Html {
  const { title, evidence, balance } = chapter
  const id = chapterAnchor(chapter)
  const drawn = {
    ...{ id: `${id}-chart`, title: `Requests and failures: ${title}`, span: evidence.span },
    ...{ every: intervalOf(evidence.span, 100), marks: marksOf(evidence) },
  }
  const checks = balance.checks.map(
    ({ what, holds }) =>
      html`<li>${sign(holds ? 'yes' : 'no')} ${holds ? '' : 'NOT so: '}${what}</li>`,
  )
  return html`<section id="${id}"><h2>${nameOfChapter(chapter)}</h2><p>${sentence(chapter)}</p>
${figure(traffic, drawn, html`${measured} Each mark of a step leads to its summary.`)}
<h3 id="${id}-restored">What was restored</h3><p class="lead">Seen from outside with plain clients: HTTP, SQL and AWS's describe calls, before the release was pushed, as soon as its verdict was bad, and in the end.</p>
${restoredTable(chapter)}
<h3>Checked from outside</h3><ul class="checks">${checks}</ul></section>`
}
