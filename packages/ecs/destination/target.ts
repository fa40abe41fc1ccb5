import { parseArn } from '#aws'
import type { Point } from '#store'
import type { Grade, Target } from '../rollback/plan.ts'
import type { LiveService, Revision, TaskDefinition } from '../state.ts'
import type { ExpectedContainer } from '../watch/judge.ts'
import { codeOf, type Image } from './fingerprint.ts'

/** Makes the target of a service. */
export function targetOf(
  service: LiveService,
  definition: TaskDefinition,
  given: {
    readonly revision?: Revision | undefined
    readonly grade: Grade | undefined
    readonly why: string
  },
): Target {
  const { revision, grade, why } = given
  const isReal = revision?.arn.startsWith('arn:')
  return {
    service: service.name,
    definition,
    ...(grade === undefined ? {} : { grade }),
    ...(revision && isReal ? { revision: revision.arn } : {}),
    recorded: revision && recordedOf(revision.containers),
    why,
  }
}

/** A service revision's ARN from what is known of it: it lies beside the task definition. */
export function revisionArn(
  definition: TaskDefinition,
  of: { readonly cluster: string; readonly service: string; readonly number: string | undefined },
): string | undefined {
  const arn = parseArn(definition.arn)
  if (arn === undefined || of.number === undefined) return undefined
  const { partition, region, account } = arn
  return `arn:${partition}:ecs:${region}:${account}:service-revision/${of.cluster}/${of.service}/${of.number}`
}

/** The digests of a revision, where ECS says all of them. */
export const recordedOf = (
  containers: readonly Image[],
): readonly ExpectedContainer[] | undefined =>
  codeOf(containers) === undefined
    ? undefined
    : containers.map(({ name, digest }) => ({ name, digest }))

/** The digests that some point recorded for a task definition, where it recorded all of them. */
export function recordedDigests(
  points: readonly Point[],
  service: string,
  taskDefinition: string,
): readonly ExpectedContainer[] | undefined {
  return recordedIn(points, service, taskDefinition)?.state.containers
}

/** The first point that recorded a task definition of a service with all digests, and how. */
function recordedIn(points: readonly Point[], service: string, taskDefinition: string) {
  return points
    .flatMap((point) => (point.components.ecs?.services ?? []).map((state) => ({ point, state })))
    .find(
      ({ state }) =>
        state.name === service &&
        state.taskDefinition === taskDefinition &&
        codeOf(state.containers) !== undefined,
    )
}

/** Adds the point that knows a target, and the digests where ECS does not say which ran. */
export function withPoint(target: Target, points: readonly Point[]): Target {
  const found = recordedIn(points, target.service, target.definition.name)
  if (found === undefined) return target
  return { ...target, point: found.point, recorded: target.recorded ?? found.state.containers }
}
