import type { DeploymentState, Point } from './documents.ts'
import { changePoint, type Store } from './store.ts'

/** A move of a deployment from one state to another, with its reason. */
export interface Move {
  readonly state: DeploymentState
  readonly why: string
  /** UTC ISO 8601. */
  readonly at: string
  readonly run: string
}

/** Moves a deployment to a state and keeps the history; a move to the state it is in changes nothing. */
export function moveDeployment(store: Store, pointId: string, move: Move): Promise<Point> {
  return changePoint(store, pointId, (point) => {
    if (point.deployment === undefined || point.deployment.state === move.state) return undefined
    const { state, at, run, why } = move
    const history = [...point.deployment.history, { state, at, run, why }]
    return { ...point, deployment: { ...point.deployment, state, history } }
  })
}

/** Whether a deployment came after another: its restore point was taken later, and it changed something. */
export const isNewer = (one: Point, other: Point): boolean =>
  Date.parse(one.takenAt) > Date.parse(other.takenAt) && one.deployment?.state !== 'abandoned'
