import type { Target } from './targets.ts'

/** A service at the moment at which scaling looks at it. */
export interface Situation {
  readonly desired: number
  /** A deployment is in progress. */
  readonly deploying: boolean
  /** How many tasks load asks for. */
  readonly load: number
}

type Bounds = Pick<Target, 'min' | 'max' | 'suspended'>

/** The count inside of the bounds. */
export function within({ min, max }: Pick<Target, 'min' | 'max'>, count: number): number {
  return Math.max(min, Math.min(max, count))
}

/**
 * The count to which scaling moves a service. Scale-in is off during a deployment, scale-out is not [AWS: Troubleshooting
 * service auto scaling]; below its minimum a service is raised by the next scale-out, never by a scale-in [AWS: Service auto scaling].
 */
export function move(target: Bounds, { desired, deploying, load }: Situation): number {
  const { DynamicScalingInSuspended, DynamicScalingOutSuspended } = target.suspended
  if (load > desired)
    return DynamicScalingOutSuspended ? desired : Math.max(desired, within(target, load))
  const off = DynamicScalingInSuspended || deploying || desired <= target.min
  return off ? desired : within(target, load)
}
