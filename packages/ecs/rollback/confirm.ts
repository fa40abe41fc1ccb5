import { isPassing } from '#aws'
import { type Run, tolerant, until } from '#core'
import type { EcsClients } from '../client.ts'
import { observeServiceDeployments } from '../observe.ts'
import { type ServiceDeployment, shiftsTraffic } from '../state.ts'
import { gateText } from '../watch/gate.ts'
import type { Ended } from '../watch/progress.ts'
import { forbidden } from '../watch/step.ts'
import type { Acted } from './act.ts'
import { nameOf } from './planned.ts'

/** What ECS has to say of a service deployment before a service is called back. */
interface Verdict {
  /** ARN of the service deployment. */
  readonly of: string
  readonly status: 'ROLLBACK_SUCCESSFUL' | 'SUCCESSFUL'
  /** ARN of the revision at which ECS has to have arrived; only where it went back by itself. */
  readonly at?: string
}

/** Where ECS went back by itself, or shifts traffic, P13 is not all. */
function verdictFor({ became, plan }: Acted, ended: Ended): Verdict | undefined {
  if (ended.outcome !== 'done' && ended.outcome !== 'unchanged') return undefined
  if (became.is === 'going-back') {
    return { of: became.by, status: 'ROLLBACK_SUCCESSFUL', at: became.revision }
  }
  const { serviceDeployment: of } = ended.service
  const ours = became.is === 'sent' || plan.is === 'attach'
  return ours && shiftsTraffic(plan.service) && of !== undefined
    ? { of, status: 'SUCCESSFUL' }
    : undefined
}

/**
 * Asks ECS for its own verdict once P13 holds, for all services at once: its way back has to end ROLLBACK_SUCCESSFUL at the
 * revision that was wanted, and a deployment that shifts traffic SUCCESSFUL.
 */
export async function confirmed(
  run: Run,
  clients: EcsClients,
  given: { readonly acted: readonly Acted[]; readonly watched: readonly Ended[] },
): Promise<readonly Ended[]> {
  const asked = given.watched.map((ended) => {
    const one = given.acted.find(({ plan }) => nameOf(plan) === ended.name)
    return { ended, verdict: one && verdictFor(one, ended) }
  })
  const arns = asked.flatMap(({ verdict }) => verdict?.of ?? [])
  if (arns.length === 0) return given.watched
  const found = await endsOf(run, clients, arns)
  return asked.map(({ ended, verdict }) =>
    verdict ? { ...ended, ...judged(ended, verdict, found) } : ended,
  )
}

type Found = readonly ServiceDeployment[] | { readonly why: string }

async function endsOf(run: Run, clients: EcsClients, arns: readonly string[]): Promise<Found> {
  let seen: Found = []
  const look = async () => {
    seen = await observeServiceDeployments(clients, arns).catch(forbidden)
    const open = 'why' in seen ? [] : seen.filter(({ finishedAt }) => finishedAt === 0)
    return open.length === 0
      ? ({ is: 'found', value: undefined } as const)
      : ({ is: 'waiting', seen: open.map(gateText).join(', ') } as const)
  }
  await until(run, {
    what: 'what ECS says of it',
    look: tolerant(look, isPassing, Number.POSITIVE_INFINITY),
  })
  return seen
}

function judged(
  ended: Ended,
  verdict: Verdict,
  all: Found,
): Partial<Pick<Ended, 'outcome' | 'why'>> {
  const doubt = (why: string) => ({ outcome: 'inconclusive' as const, why: `${ended.why}; ${why}` })
  if ('why' in all) return doubt(`ECS's own verdict is not known: ${all.why}`)
  const found = all.find(({ arn }) => arn === verdict.of)
  if (!found || found.finishedAt === 0)
    return doubt(`ECS calls it ${found?.status ?? 'not listed'}`)
  const arrived = verdict.at === undefined || found.rolledBackTo === verdict.at
  if (found.status !== verdict.status || !arrived) {
    return { outcome: 'failed', why: `ECS ended it as ${found.status}: ${found.why}` }
  }
  const share = found.traffic?.[found.target ?? ''] ?? 100
  const part = verdict.at === undefined && share < 100
  return part ? doubt(`it gets ${share} % of production traffic`) : {}
}
