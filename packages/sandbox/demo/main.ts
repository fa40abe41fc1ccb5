import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { suiteRoot } from '../act/index.ts'
import { realClock } from '../clock.ts'
import { balanceOf } from './balance.ts'
import { nameOfChapter, sentence, type ToldChapter } from './chapter.ts'
import { clockTime, type Fact } from './facts.ts'
import { blocksOf } from './markdown.ts'
import { page } from './page.ts'
import { tellStory, titleOf } from './story.ts'
import type { ToldRun } from './summaries.ts'
import { columns, linesOf, type Style, styled, type Terminal, wrapped } from './terminal.ts'

/** `npm run demo -- [--scale 60] [--page demo.html] [--summaries]`: a bad release goes back by itself, before your eyes. */
const { values } = parseArgs({
  options: {
    scale: { type: 'string', default: '60' },
    page: { type: 'string' },
    summaries: { type: 'boolean', default: false },
  },
})

const terminal: Terminal = {
  width: Math.max(60, Math.min(140, process.stdout.columns ?? 110)),
  colours: process.stdout.isTTY === true && !process.env.NO_COLOR,
}
const print = (line = '') => void process.stdout.write(`${line}\n`)
const title = (text: string) => {
  print()
  print(
    styled(
      terminal,
      'bold',
      `━━ ${text} ${'━'.repeat(Math.max(0, terminal.width - text.length - 4))}`,
    ),
  )
}

const beginning = realClock().now()
const facts: Fact[] = []

const tones: Readonly<Record<Fact['tone'], Style | undefined>> = {
  plain: undefined,
  good: 'green',
  bad: 'red',
}

function tell(fact: Fact): void {
  facts.push(fact)
  const { at, who, tone, text } = fact
  const [first = '', ...more] = wrapped(text, terminal.width - 18)
  const style = tones[tone]
  const shown = (line: string) => (style ? styled(terminal, style, line) : line)
  print(`${clockTime(at, beginning)}  ${styled(terminal, 'dim', who.padEnd(9))}  ${shown(first)}`)
  for (const line of more) print(`${' '.repeat(18)}${shown(line)}`)
}

function showSummaries(runs: readonly ToldRun[]): void {
  for (const { title: name, run } of runs) {
    title(`${name}: the run is ${run.ok ? 'green' : 'red'}`)
    for (const job of new Set(run.steps.map((step) => step.job))) {
      const markdown = run.steps.filter((step) => step.job === job).map((step) => step.summary)
      print()
      print(styled(terminal, 'dim', `job ${job}: ${run.jobs[job] ?? 'did not end'}`))
      for (const line of linesOf(terminal, blocksOf(markdown.join('\n')))) print(line)
    }
  }
}

function showChapter(chapter: ToldChapter): void {
  const { balance } = chapter
  title(`What happened: ${nameOfChapter(chapter)}`)
  for (const line of wrapped(sentence(chapter), terminal.width)) print(line)
  print()
  for (const line of columns(terminal, balance.rows)) print(line)
  title('Checked from outside, with plain clients')
  for (const { what, holds } of balance.checks)
    print(styled(terminal, holds ? 'green' : 'red', `${holds ? '✔' : '✘'} ${what}`))
}

/** Ctrl-C: `pressed` says whether, and `ended` rejects once everything has been ended then. */
function interruption(ends: readonly (() => Promise<void>)[]) {
  const seen = { pressed: false }
  const ended = new Promise<never>((_, reject) => {
    process.once('SIGINT', () => {
      seen.pressed = true
      const all = Promise.allSettled(ends.map((end) => end()))
      void all.then(() => reject(new Error('interrupted')))
    })
  })
  return { seen, ended }
}

/** Plays, shows and writes everything; says whether everything is back. */
async function main(folder: string): Promise<boolean> {
  title('A bad release goes back by itself')
  const ends: (() => Promise<void>)[] = []
  const { seen, ended } = interruption(ends)
  const story = tellStory({
    folder,
    scale: Number(values.scale),
    tell,
    onStart: (end) => void ends.push(end),
  })
  // A story whose cloud is taken away fails; that it was interrupted says more.
  const told = story.catch((error) => (seen.pressed ? ended : Promise.reject(error)))
  const { evidence, ...rest } = await Promise.race([told, ended])
  const chapters = evidence.map((one) => ({
    title: titleOf(one.chapter.release),
    evidence: one,
    balance: balanceOf(one),
  }))
  if (values.summaries) showSummaries(rest.runs)
  for (const chapter of chapters) showChapter(chapter)
  const file = resolve(values.page ?? join(suiteRoot(), '.build/demo.html'))
  mkdirSync(dirname(file), { recursive: true })
  const scale = Number(values.scale)
  writeFileSync(file, page({ ...rest, chapters, facts, beginning, scale }))
  print()
  print(`The report, with charts of the traffic and every job summary: ${file}`)
  const isBack = chapters.every(({ balance }) => balance.isBack)
  print(isBack ? 'Everything is back.' : 'NOT everything is back.')
  return isBack
}

const folder = mkdtempSync(join(tmpdir(), 'demo-'))
let isBack = false
try {
  isBack = await main(folder)
} catch (error) {
  const isOurs = error instanceof Error && error.message !== 'interrupted'
  print(styled(terminal, 'red', isOurs ? `${error.stack}` : String(error)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exit(isBack ? 0 : 1)
