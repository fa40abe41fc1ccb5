import {
  cardHtml,
  chapterAnchor,
  chapterHtml,
  nameOfChapter,
  storyFigure,
  type ToldChapter,
  type Traffic,
} from './chapter.ts'
import type { Fact } from './facts.ts'
import { type Deployed, deploymentsHtml } from './github.ts'
import { type Html, html, sign } from './html.ts'
import { STYLE } from './style.ts'
import { summariesHtml, summaryContents } from './summaries.ts'
import { type Group, timelineHtml } from './timeline.ts'

/** Everything that the page tells. */
export interface ToldStory extends Traffic {
  readonly chapters: readonly ToldChapter[]
  readonly facts: readonly Fact[]
  /** How many times faster than AWS. */
  readonly scale: number
  readonly deployed: readonly Deployed[]
  /** Which release a commit is. */
  readonly commits: Readonly<Record<string, string>>
}

const TITLE = 'A bad release goes back by itself'

function verdict(chapters: readonly ToldChapter[]): Html {
  const checks = chapters.flatMap(({ balance }) => balance.checks)
  const held = checks.filter(({ holds }) => holds).length
  const isBack = chapters.every(({ balance }) => balance.isBack)
  const text = isBack ? 'Everything is back.' : 'NOT everything is back.'
  return html`<p class="verdict ${isBack ? 'good' : 'bad'}">${sign(isBack ? 'yes' : 'no')}<span>${text} ${held} of ${checks.length} checks made from outside hold.</span></p>`
}

function contents({ chapters, runs }: ToldStory): Html {
  const items = chapters.map(
    (chapter) =>
      html`<li><a href="#${chapterAnchor(chapter)}">${nameOfChapter(chapter)}</a>: chart, <a href="#${chapterAnchor(chapter)}-restored">what was restored</a>, checks</li>`,
  )
  return html`<nav aria-labelledby="contents"><h2 id="contents">Contents</h2><ul>${items}<li><a href="#timeline">Timeline</a></li><li><a href="#github">What GitHub shows</a></li>
<li><a href="#summaries">Job summaries</a>${summaryContents(runs)}</li></ul></nav>`
}

const groupsOf = ({ chapters, beginning }: ToldStory): readonly Group[] => [
  { title: 'The company, and a good release', from: beginning },
  ...chapters.map((one) => ({ title: nameOfChapter(one), from: one.evidence.span.from })),
]

/** Everything of the demo as one page that needs no other file and asks for none. */
export function page(told: ToldStory): string {
  const { chapters, facts, runs, scale, deployed, commits } = told
  const releaseOf = (sha: string) => (Object.hasOwn(commits, sha) ? commits[sha] : undefined)
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${TITLE}</title>
<link rel="icon" href="data:,"><style>${{ html: STYLE }}</style></head>
<body><header><h1>${TITLE}</h1>
<p class="lead">A small company on a local cloud (real programs behind a load balancer, real PostgreSQL, a front end) ships bad releases by its own workflow. rollback-actions finds them out and puts everything back.</p>
${verdict(chapters)}</header>
<main><div class="cards">${chapters.map(cardHtml)}</div>
${storyFigure(told, chapters, scale)}
${contents(told)}
${chapters.map((chapter) => chapterHtml(chapter, told))}
<section><h2 id="timeline">Timeline</h2><p class="lead">Minutes and seconds since the beginning. What AWS was asked for and said between two other facts is one entry.</p>
${timelineHtml(facts, groupsOf(told), told)}</section>
<section><h2 id="github">What GitHub shows</h2><p class="lead">The deployments that a stand-in for GitHub's API lists in the end, oldest first: those of jobs with an environment, and those that the actions made.</p>
${deploymentsHtml(deployed, releaseOf)}</section>
<section><h2 id="summaries">Job summaries</h2><p class="lead">What each step wrote for the page of its run at GitHub.</p>
${summariesHtml(runs)}</section></main>
</body></html>
`.html
}
