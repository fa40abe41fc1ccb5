import { leaks } from './invariants.ts'
import type { JobEnd } from './job.ts'
import type { Sent } from './machine.ts'
import {
  type Again,
  again,
  all,
  broken,
  dies,
  differences,
  first,
  press,
  rest,
  type Story,
} from './story.ts'

export interface Kill {
  readonly k: number
  readonly when: 'before' | 'after'
  readonly how: Again
}

/** The kills of a rollback of so many calls; each call is tried once unless everything is. One that was applied and not heard of is the same as dying before the next call. */
export function killsOf(calls: number): readonly Kill[] {
  const ks = Array.from({ length: calls }, (_, index) => index + 1)
  const chosen = process.env.FAULT_K ? ks.filter((k) => k === Number(process.env.FAULT_K)) : ks
  if (!all)
    return chosen.map((k) => ({
      k,
      when: k === calls ? 'after' : 'before',
      how: k % 2 === 0 ? 'the job again' : 'the button',
    }))
  return chosen.flatMap((k) =>
    (['before', 'after'] as const).flatMap((when) =>
      (['the job again', 'the button'] as const).map((how) => ({ k, when, how })),
    ),
  )
}

/** A rollback that nobody killed. */
export async function whole(story: Story) {
  const at = await broken(story)
  const rolling = first(at)
  const { conclusion } = await rolling.end
  const end = {
    ...{ conclusion, violations: at.violations },
    ...{ picture: await rest(at), calls: rolling.machine.mutations },
  }
  await at.close()
  return end
}

type Whole = Pick<Awaited<ReturnType<typeof whole>>, 'picture' | 'calls'>

const nameOf = ({ k, when, how }: Kill, calls: readonly Sent[]) => {
  const { service, operation, path } = calls[k - 1] ?? {}
  return `${k} ${when} ${service}:${operation} ${path}, then ${how}`
}

const unlike = ({ conclusion, lines }: JobEnd, wanted: JobEnd['conclusion']) =>
  conclusion === wanted ? [] : [`ended ${conclusion}`, ...lines.slice(-4)]

/** Kills a rollback once and runs it once more; says what is not as if it had never been killed. */
export async function wrongAfter(story: Story, kill: Kill, end: Whole): Promise<readonly string[]> {
  const at = await broken(story)
  const killed = await first(at, dies(kill.k, kill.when)).end
  const second = await again(at, kill.how)
  const wrong = [
    ...unlike(killed, 'killed'),
    ...unlike(second, 'success'),
    ...differences(await rest(at), end.picture),
    ...at.violations,
    ...leaks(at, [...killed.lines, ...second.lines]),
  ]
  await at.close()
  return wrong.length === 0 ? [] : [[nameOf(kill, end.calls), ...wrong].join('\n    ')]
}

const planIdOf = ({ steps }: JobEnd) => String(steps[0]?.outputs?.['plan-id'])
/** Longer than any lease. */
const lapsed = 121 * 60_000

/** A rollback that waits for consent, and how it ends once the button brings it. */
export async function waiting(story: Story) {
  const at = await broken(story)
  const rolling = first(at)
  const partial = await rolling.end
  const picture = await rest(at)
  const consent = planIdOf(partial)
  const finish = press(at, undefined, { consent })
  const end = await finish.end
  const found = {
    ...{ partial, picture, calls: rolling.machine.mutations },
    ...{ end, final: await rest(at), more: finish.machine.mutations.length },
    violations: [...at.violations],
  }
  await at.close()
  return found
}

type Waiting = Awaited<ReturnType<typeof waiting>>

/** Kills a rollback that will wait, then the one that was consented to; says what is not as if neither had been killed. */
export async function wrongWaiting(
  story: Story,
  kill: Kill,
  end: Waiting,
): Promise<readonly string[]> {
  const at = await broken(story)
  const killed = await first(at, dies(kill.k, kill.when)).end
  const second = await again(at, kill.how)
  const partial = await rest(at)
  const consent = planIdOf(second)
  const late = 1 + ((kill.k * 7) % end.more)
  const third = await press(at, dies(late, kill.when), { runId: '1003', consent }).end
  await at.clock.advance(lapsed)
  const last = await press(at, undefined, { runId: '1004', consent }).end
  const ends = [killed, second, third, last]
  const wrong = [
    ...unlike(killed, 'killed'),
    ...unlike(second, 'failure'),
    ...differences(partial, end.picture).map((one) => `waiting: ${one}`),
    ...unlike(third, 'killed'),
    ...unlike(last, 'success'),
    ...differences(await rest(at), end.final),
    ...at.violations,
    ...leaks(
      at,
      ends.flatMap(({ lines }) => lines),
    ),
  ]
  await at.close()
  const name = `${nameOf(kill, end.calls)}, then consent killed at ${late}`
  return wrong.length === 0 ? [] : [[name, ...wrong].join('\n    ')]
}

/** Tries one kill after the other. */
export async function each(
  kills: readonly Kill[],
  work: (kill: Kill) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const wrong: string[] = []
  for (const kill of kills) wrong.push(...(await work(kill)))
  return wrong
}
