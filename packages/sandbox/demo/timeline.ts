import type { RunResult } from '../act/index.ts'
import type { Fact, StepName } from './facts.ts'
import { clockTime } from './facts.ts'
import { shortTime } from './gantt.ts'
import { type Html, html } from './html.ts'
import { linkOf, type ToldRun } from './summaries.ts'

/** Facts of one actor that followed each other without another one's in between. */
export interface Entry {
  readonly who: Fact['who']
  readonly facts: readonly Fact[]
}

/** Part of the timeline under a title of its own. */
export interface Group {
  readonly title: string
  readonly from: number
}

/** Facts in the order in which they happened; what AWS did in between is one entry. */
export function entriesOf(facts: readonly Fact[]): readonly Entry[] {
  const entries: { who: Fact['who']; facts: Fact[] }[] = []
  for (const fact of facts.toSorted((a, b) => a.at - b.at)) {
    const last = entries.at(-1)
    if (last && last.who === 'aws' && fact.who === 'aws') last.facts.push(fact)
    else entries.push({ who: fact.who, facts: [fact] })
  }
  return entries
}

/** The facts of each group: from its beginning to that of the next one. What is before the first belongs to it. */
export function grouped(
  facts: readonly Fact[],
  groups: readonly Group[],
): readonly (Group & { readonly facts: readonly Fact[] })[] {
  return groups.map((group, index) => {
    const [from, to] = [index === 0 ? -Infinity : group.from, groups[index + 1]?.from ?? Infinity]
    return { ...group, facts: facts.filter(({ at }) => at >= from && at < to) }
  })
}

/** How long a step took, if it began and ended. */
export function tookOf(runs: readonly RunResult[], name: StepName): number | undefined {
  const run = runs.find(({ runId }) => runId === name.runId)
  const at = (is: 'step-begins' | 'step-ends') =>
    run?.events.find((one) => one.is === is && one.job === name.job && one.step === name.step)?.at
  const [begun, ended] = [at('step-begins'), at('step-ends')]
  return begun === undefined || ended === undefined ? undefined : ended - begun
}

interface Told {
  readonly beginning: number
  readonly runs: readonly ToldRun[]
}

function factHtml(fact: Fact, { runs }: Told): Html {
  const link = linkOf(runs, fact.step)
  const took =
    fact.step &&
    tookOf(
      runs.map(({ run }) => run),
      fact.step,
    )
  const text = html`<span class="${fact.tone}">${fact.text}</span>`
  const more = link && html` <a href="#${link}">summary</a>`
  return html`${text}${took !== undefined && took >= 0 ? html` <span class="took">took ${shortTime(took)}</span>` : undefined}${more}`
}

function entryHtml({ who, facts }: Entry, told: Told): Html {
  const [first] = facts
  if (!first) return html``
  const at = first.at
  const stamp = html`<time datetime="${new Date(at).toISOString()}">${clockTime(at, told.beginning)}</time>`
  const items = facts.map((fact) => factHtml(fact, told))
  const what =
    items.length === 1
      ? html`<div>${items}</div>`
      : html`<ul>${items.map((one) => html`<li>${one}</li>`)}</ul>`
  return html`<li class="${who}">${stamp}<span class="who">${who}</span>${what}</li>\n`
}

/** The timeline, in groups. */
export function timelineHtml(facts: readonly Fact[], groups: readonly Group[], told: Told): Html {
  const parts = grouped(facts, groups).map(
    ({ title, facts: own }) =>
      html`<h3>${title}</h3><ol class="timeline">${entriesOf(own).map((entry) => entryHtml(entry, told))}</ol>`,
  )
  return html`${parts}`
}
