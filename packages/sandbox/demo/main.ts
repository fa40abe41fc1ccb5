import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { suiteRoot } from '../act/index.ts'
import { realClock } from '../clock.ts'
import { type Balance, balanceOf } from './balance.ts'
import { clockTime, type Fact } from './facts.ts'
import { blocksOf } from './markdown.ts'
import { page, type ToldRun } from './page.ts'
import { tellStory } from './story.ts'
import { columns, linesOf, type Style, styled, type Terminal, wrapped } from './terminal.ts'

/** `npm run demo -- [--scale 60] [--page demo.html]`: a bad release goes back by itself, before your eyes. */
const { values } = parseArgs({
  options: { scale: { type: 'string', default: '60' }, page: { type: 'string' } },
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

function showBalance(balance: Balance): void {
  title('What happened')
  for (const line of columns(terminal, balance.rows)) print(line)
  title('Checked from outside, with plain clients')
  for (const { what, holds } of balance.checks)
    print(styled(terminal, holds ? 'green' : 'red', `${holds ? '✔' : '✘'} ${what}`))
}

async function main(): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'demo-'))
  const remove = () => rmSync(folder, { recursive: true, force: true })
  const interrupted = (end: () => Promise<void>) =>
    process.once('SIGINT', () => {
      void end().finally(() => {
        remove()
        process.exit(130)
      })
    })
  try {
    title('A bad release goes back by itself')
    const scale = Number(values.scale)
    const { evidence, runs } = await tellStory({ folder, scale, tell, onStart: interrupted })
    const balance = balanceOf(evidence)
    showSummaries(runs)
    showBalance(balance)
    const file = values.page ?? join(suiteRoot(), '.build/demo.html')
    mkdirSync(join(file, '..'), { recursive: true })
    writeFileSync(file, page({ balance, facts, beginning, runs }))
    print()
    print(`As a page: ${file}`)
    print(balance.isBack ? 'Everything is back.' : 'NOT everything is back.')
    return balance.isBack
  } finally {
    remove()
  }
}

process.exit((await main()) ? 0 : 1)
