// The contenders on one sandbox, in turn: each takes the three services of the sample company to the other of two good
// releases. When a rollout had really ended is known from the simulated ECS itself.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { DescribeServicesCommand } from '@aws-sdk/client-ecs'
import type { Sandbox } from '../../packages/sandbox/index.ts'
import {
  cluster,
  eventually,
  type Sample,
  serviceNames,
} from '../../packages/sandbox/sample/index.ts'
import type { Contender, Goal } from './contenders.ts'
import { compare, inTurn, median } from './statistics.ts'
import { milliseconds, ratioText, simulated, table } from './table.ts'

const run = promisify(execFile)

/** One turn of a contender, real milliseconds. */
export interface Turn {
  /** From its start to its first and to its last UpdateService in the gateway's log. */
  readonly first: number
  readonly last: number
  /** Reading calls before the first UpdateService. */
  readonly looksBefore: number
  /** All calls of the turn. */
  readonly calls: number
  /** From the true end of the last rollout to its own end. */
  readonly overshoot: number
}

/** Deploys release 2 with the company's own script; then both releases have task definitions. */
export async function shipSecondRelease(sandbox: Sandbox, sample: Sample): Promise<void> {
  const GITHUB_SHA = await sample.repository.release(2)
  const env = { PATH: process.env.PATH, ...sandbox.env, GITHUB_SHA }
  for (const script of ['migrate', 'deploy'])
    await run(process.execPath, [join('scripts', script)], { cwd: sample.repository.folder, env })
  await settled(sample)
}

const look = async ({ clients }: Sample) => {
  const asked = new DescribeServicesCommand({ cluster, services: [...serviceNames] })
  return (await clients.ecs.send(asked)).services ?? []
}

const settled = (sample: Sample) =>
  eventually('steady services', async () => {
    const services = await look(sample)
    const all = services.every(
      ({ deployments }) =>
        deployments?.length === 1 && deployments[0]?.rolloutState === 'COMPLETED',
    )
    return all || undefined
  })

/** When the last of the services had reached its steady state, by ECS's events, milliseconds since the epoch. */
async function trueEnd(sample: Sample): Promise<number> {
  const services = await look(sample)
  const ends = services.map(({ events = [] }) => {
    const steady = events.find(({ message }) => message?.includes('has reached a steady state'))
    return steady?.createdAt?.getTime() ?? Number.NaN
  })
  return Math.max(...ends)
}

async function takeTurn(
  { sandbox, sample }: Place,
  contender: Contender,
  goal: Goal,
): Promise<Turn> {
  await settled(sample)
  const before = sandbox.calls.list().at(-1)?.n ?? 0
  const { began, ended } = await contender.go(goal)
  const calls = sandbox.calls.list({ after: before })
  await settled(sample)
  const end = await trueEnd(sample)
  const updates = calls
    .filter(({ operation }) => operation === 'UpdateService')
    .map(({ at }) => Date.parse(at))
  const [first = Number.NaN, last = Number.NaN] = [Math.min(...updates), Math.max(...updates)]
  if (updates.length !== serviceNames.length || !(end > last))
    throw new Error(`${contender.name} did not make ${serviceNames.length} rollouts`)
  return {
    first: first - began,
    last: last - began,
    looksBefore: calls.filter(({ at, mutating }) => !mutating && Date.parse(at) < first).length,
    calls: calls.length,
    overshoot: ended - end,
  }
}

/** Where the race takes place. */
export interface Place {
  readonly sandbox: Sandbox
  readonly sample: Sample
}

/** All turns by contender, in rounds in which another begins each time; the releases alternate from turn to turn. */
export async function race(
  place: Place,
  contenders: readonly Contender[],
  rounds: number,
): Promise<ReadonlyMap<Contender, readonly Turn[]>> {
  const turns = new Map<Contender, Turn[]>(contenders.map((one) => [one, []]))
  let revision = 2
  for (const contender of inTurn(rounds, contenders).flat()) {
    revision = revision === 1 ? 2 : 1
    const definitions = serviceNames.map((name) => [name, `acme-${name}:${revision}`])
    const goal = { tag: `release-${revision}`, taskDefinitions: Object.fromEntries(definitions) }
    turns.get(contender)?.push(await takeTurn(place, contender, goal))
  }
  return turns
}

const column = (turns: readonly Turn[], key: keyof Turn) => turns.map((turn) => turn[key])

/** The time to the corrective calls, each contender beside ours. */
export function correctiveTable(turns: ReadonlyMap<Contender, readonly Turn[]>): string {
  const [ours = []] = turns.values()
  const rows = [...turns].map(([{ name }, theirs]) => [
    name,
    milliseconds(median(column(theirs, 'first'))),
    milliseconds(median(column(theirs, 'last'))),
    median(column(theirs, 'looksBefore')).toFixed(0),
    theirs === ours ? '' : ratioText(compare(column(ours, 'first'), column(theirs, 'first'))),
    theirs === ours ? '' : ratioText(compare(column(ours, 'last'), column(theirs, 'last'))),
  ])
  return table(
    [
      'corrective call',
      'first ms',
      'third ms',
      'looks before',
      'ours/theirs first (quartiles)',
      'third (quartiles)',
    ],
    rows,
  )
}

/** How long after the true end each contender returned, in simulated seconds. */
export function overshootTable(
  turns: ReadonlyMap<Contender, readonly Turn[]>,
  scale: number,
): string {
  const [ours = []] = turns.values()
  const rows = [...turns].map(([{ name, looks }, theirs]) => {
    const all = column(theirs, 'overshoot')
    return [
      name,
      looks,
      simulated(median(all), scale),
      simulated(Math.min(...all), scale),
      simulated(Math.max(...all), scale),
      median(column(theirs, 'calls')).toFixed(0),
      theirs === ours ? '' : ratioText(compare(column(ours, 'overshoot'), all)),
    ]
  })
  const head = ['overshoot', 'looks', 'median s', 'least s', 'most s', 'calls']
  return table([...head, 'ours/theirs (quartiles)'], rows)
}
