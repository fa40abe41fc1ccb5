import type { Result, Run } from '#core'
import type { Store } from '#store'
import { begin } from './begin.ts'
import type { EcsClients } from './client.ts'
import { start } from './counts/start.ts'
import { stop } from './counts/stop.ts'
import { list } from './list.ts'
import { redeploy } from './redeploy/redeploy.ts'
import { rollback } from './rollback/rollback.ts'
import type { EcsSettings } from './settings.ts'

/** Does what the settings say with the services that they name. */
export async function changeServices(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  store: Store | undefined,
): Promise<Result> {
  const begun = await begin(run, clients, settings, store)
  if ('refused' in begun) return begun.refused
  switch (settings.mode) {
    case 'rollback':
      return rollback(run, clients, settings, begun)
    case 'stop':
      return stop(run, clients, settings, begun)
    case 'start':
      return start(run, clients, settings, begun)
    case 'redeploy':
      return redeploy(run, clients, settings, begun)
    case 'list':
      return list(run, clients, settings, begun)
  }
}
