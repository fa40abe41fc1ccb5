import { isPassing } from '#aws'
import { type Run, tolerant, until } from '#core'
import type { Acted, Became } from './act.ts'
import type { EcsClients } from './client.ts'
import { observeServiceDeployments } from './observe.ts'
import { nameOf } from './planned.ts'
import type { Ended } from './progress.ts'
import type { ServiceDeployment } from './state.ts'
import { forbidden } from './step.ts'

type GoingBack = Extract<Became, { is: 'going-back' }>

/**
 * Where ECS went back by itself, P13 is not all: its service deployment has to end ROLLBACK_SUCCESSFUL at the revision
 * that was wanted. Asked once P13 holds, for all services at once.
 */
export async function confirmed(
  run: Run,
  clients: EcsClients,
  given: { readonly acted: readonly Acted[]; readonly watched: readonly Ended[] },
): Promise<readonly Ended[]> {
  const backOf = (ended: Ended): GoingBack | undefined => {
    const one = given.acted.find(({ plan }) => nameOf(plan) === ended.name)
    const good = ended.outcome === 'done' || ended.outcome === 'unchanged'
    return good && one?.became.is === 'going-back' ? one.became : undefined
  }
  const arns = given.watched.flatMap((ended) => backOf(ended)?.by ?? [])
  if (arns.length === 0) return given.watched
  const verdicts = await endsOf(run, clients, arns)
  return given.watched.map((ended) => {
    const back = backOf(ended)
    return back ? { ...ended, ...judged(ended, back, verdicts) } : ended
  })
}

type Verdicts = readonly ServiceDeployment[] | { readonly why: string }

async function endsOf(run: Run, clients: EcsClients, arns: readonly string[]): Promise<Verdicts> {
  let seen: Verdicts = []
  const look = async () => {
    seen = await observeServiceDeployments(clients, arns).catch(forbidden)
    const open = 'why' in seen ? [] : seen.filter(({ finishedAt }) => finishedAt === 0)
    return open.length === 0
      ? ({ is: 'found', value: undefined } as const)
      : ({ is: 'waiting', seen: open.map(({ status }) => status).join(', ') } as const)
  }
  await until(run, {
    what: 'what ECS calls its rollback',
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
  })
  return seen
}

function judged(
  ended: Ended,
  back: GoingBack,
  verdicts: Verdicts,
): Partial<Pick<Ended, 'outcome' | 'why'>> {
  if ('why' in verdicts) {
    return {
      outcome: 'inconclusive',
      why: `${ended.why}; ECS's verdict is not known: ${verdicts.why}`,
    }
  }
  const found = verdicts.find(({ arn }) => arn === back.by)
  if (!found || found.finishedAt === 0) {
    const last = found?.status ?? 'not listed'
    return { outcome: 'inconclusive', why: `${ended.why}; ECS calls its rollback ${last}` }
  }
  const good = found.status === 'ROLLBACK_SUCCESSFUL' && found.rolledBackTo === back.revision
  return good
    ? {}
    : { outcome: 'failed', why: `ECS ended its rollback as ${found.status}: ${found.why}` }
}
