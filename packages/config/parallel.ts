import { inLanes } from '#core'

/** A few calls in flight: far below the rate limits of DescribeSecret and GetParameterHistory. */
export const inParallel = inLanes(6)
