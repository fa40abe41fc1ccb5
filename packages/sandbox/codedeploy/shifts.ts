import { AwsError } from '../service.ts'

/** One step of a traffic shift: so much to the replacement, then so long until the next. */
export interface Shift {
  readonly weight: number
  readonly minutes: number
}

/** How AWS names what is used when nothing is said. */
export const ALL_AT_ONCE = 'CodeDeployDefault.ECSAllAtOnce'

/** The steps of one of AWS's own deployment configurations for ECS. */
export function shiftsOf(config: string): readonly Shift[] {
  if (config === ALL_AT_ONCE) return [{ weight: 100, minutes: 0 }]
  const found = /^CodeDeployDefault\.ECS(Linear|Canary)(\d+)Percent(?:Every)?(\d+)Minutes$/.exec(
    config,
  )
  if (!found)
    throw new AwsError(
      'DeploymentConfigDoesNotExistException',
      `No deployment configuration found for name: ${config}`,
    )
  const [, kind, percent = '10', every = '1'] = found
  const minutes = Number(every)
  if (kind === 'Canary')
    return [
      { weight: Number(percent), minutes },
      { weight: 100, minutes: 0 },
    ]
  const steps = Math.ceil(100 / Number(percent))
  return Array.from({ length: steps }, (_, index) => {
    const weight = Math.min(100, Number(percent) * (index + 1))
    return { weight, minutes: weight === 100 ? 0 : minutes }
  })
}
