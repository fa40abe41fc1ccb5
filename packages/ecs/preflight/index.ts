import type { Run } from '#core'
import type { EcsClients } from '../client.ts'
import type { Target } from '../plan.ts'
import type { LiveService } from '../state.ts'

/** One thing that the target of a service needs and that is not there, or of which nobody can say whether it is. */
export interface Finding {
  readonly service: string
  /** `obstacle`: the target cannot start or serve. `doubt`: it could not be looked at, or may differ. */
  readonly is: 'obstacle' | 'doubt'
  /** `image`, `secret`, `parameter`, `environment file`, `role`, `target group`, `schema`. */
  readonly what: string
  readonly why: string
  readonly next: string
}

/** A service and where it is to go. */
export interface Aimed {
  readonly service: LiveService
  readonly target: Target
}

/** Looks whether what the targets need is there, over all services at once; read-only. */
export async function inspectTargets(
  _run: Run,
  _clients: EcsClients,
  _aimed: readonly Aimed[],
): Promise<readonly Finding[]> {
  return []
}
