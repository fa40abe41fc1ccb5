import type { DeploymentCircuitBreaker } from '@aws-sdk/client-ecs'

// AWS: "minimum threshold 3, maximum 200, half of the desired count" when nothing is configured.
const DEFAULT_PERCENT = 50
const LOWEST = 3
const HIGHEST = 200

/** How many failed tasks trip the circuit breaker of a service with this desired count. */
export function failureThreshold(
  breaker: DeploymentCircuitBreaker | undefined,
  desiredCount: number,
): number {
  const { type = 'BOUNDED_PERCENT', value = DEFAULT_PERCENT } =
    breaker?.thresholdConfiguration ?? {}
  const share = Math.ceil((value * desiredCount) / 100)
  switch (type) {
    case 'COUNT':
      return value
    case 'UNBOUNDED_PERCENT':
      return share
    default:
      return Math.min(HIGHEST, Math.max(LOWEST, share))
  }
}
