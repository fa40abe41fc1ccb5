import type { Result, Run } from '#core'
import type { Begun } from './begin.ts'
import type { EcsClients } from './client.ts'
import { candidatesData, candidatesTable } from './destination/candidates.ts'
import { readKnowledge } from './destination/knowledge.ts'
import { eligible, observePasts, toOf } from './destination/past.ts'
import { counted } from './report/table.ts'
import type { EcsSettings } from './settings.ts'

/** Shows for each service what it may go back to, with the reasons for and against; read-only, and needs no store. */
export async function list(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  begun: Begun,
): Promise<Result> {
  const { services, store } = begun
  const knowledge = await readKnowledge(store)
  const pasts = await observePasts(run, clients, { settings, services, knowledge })
  const best = pasts.flatMap((past) => {
    const [first] = eligible(past)
    return first ? [{ name: past.service.name, to: toOf(first), what: first.revision }] : []
  })
  const without = pasts.filter((past) => eligible(past).length === 0)
  return {
    outcome: 'done',
    headline: `${counted(best.length, 'service')} of ${pasts.length} in ${settings.cluster} ${best.length === 1 ? 'has' : 'have'} something to go back to`,
    sections: pasts.map(candidatesTable),
    next: [
      ...best.map(
        ({ name, to, what }) => `${name} to ${what.taskDefinition}: services: ${name}, to: ${to}`,
      ),
      ...without.map(
        ({ service }) =>
          `${service.name}: nothing is eligible; name family:revision, tag: or sha: in to:, or deploy a fix`,
      ),
    ],
    outputs: { candidates: JSON.stringify(candidatesData(pasts)) },
    data: { cluster: settings.cluster, candidates: candidatesData(pasts) },
  }
}
