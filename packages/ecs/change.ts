import type { Result, Run } from '#core'
import type { Store } from '#store'
import type { EcsClients } from './client.ts'
import { start } from './counts/start.ts'
import { stop } from './counts/stop.ts'
import { list } from './list.ts'
import { redeploy } from './redeploy/redeploy.ts'
import { rollback } from './rollback/rollback.ts'
import type { EcsSettings } from './settings.ts'

/** Does what the settings say with the services that they name. */
export function changeServices(
  run: Run,
  clients: EcsClients,
  settings: EcsSettings,
  store: Store | undefined,
): Promise<Result> {
  switch (settings.mode) {
    case 'rollback':
      return rollback(run, clients, settings, store)
    case 'stop':
      return stop(run, clients, settings, store)
    case 'start':
      return start(run, clients, settings, store)
    case 'redeploy':
      return redeploy(run, clients, settings, store)
    case 'list':
      return list(run, clients, settings, store)
  }
}
