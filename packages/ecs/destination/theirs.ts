import type { Written } from '#core'
import type { Target } from '../rollback/plan.ts'
import { type Aim, type Aims, type Given, none } from './aims.ts'
import { compareCode } from './fingerprint.ts'
import type { Past } from './past.ts'

/** The refusal where the deployment that is to be undone is none of these services'. */
export function withoutBad(
  { badDeployment }: Given['settings'],
  pasts: readonly Past[],
): Aims | undefined {
  if (badDeployment === undefined || pasts.some(({ isNamed }) => isNamed)) return undefined
  return none(`no service of these has the service deployment ${badDeployment} in ECS's history`, [
    'leave bad-deployment out to undo the newest deployment of each, or give the id or ARN of one: aws ecs list-service-deployments',
  ])
}

/**
 * Where the input names what is undone and something else was deployed since, that is somebody's fix, and stays (P14): unless it is
 * where we go, has the bad images too, or is a deployment of this record's own.
 */
export function unlessTheirs(
  { settings, entries = [] }: Given,
  pasts: readonly Past[],
  aims: Extract<Aims, { is: 'aims' }>,
): Aims {
  if (settings.badDeployment === undefined) return aims
  const of = new Map(
    [...aims.of].map(([name, one]) => {
      const past = pasts.find(({ service }) => service.name === name)
      const theirs = past && one.is === 'target' ? fixOf(past, one.target, entries) : undefined
      return [name, theirs === undefined ? one : { is: 'superseded', why: theirs }] as const
    }),
  ) as ReadonlyMap<string, Aim>
  return { ...aims, of }
}

function fixOf(
  { isNamed, history, undone, service }: Past,
  target: Target,
  entries: readonly Written[],
): string | undefined {
  const [newest] = history.deployments
  if (!isNamed || newest === undefined || newest.arn === undone.deployment?.arn) return undefined
  const revision = history.revisions.find(({ arn }) => arn === newest.target)
  if (revision === undefined) return undefined
  const isOurs = entries.some(
    ({ component, on, detail }) =>
      component === 'ecs' &&
      on === service.name &&
      (detail as { to?: unknown } | undefined)?.to === revision.taskDefinition,
  )
  const same = compareCode(revision.containers, undone.bad?.containers ?? []) === 'same'
  return isOurs || same || revision.taskDefinition === target.definition.name
    ? undefined
    : `${revision.taskDefinition} was deployed after ${undone.bad?.taskDefinition ?? 'what is undone'}, which is to be undone`
}
