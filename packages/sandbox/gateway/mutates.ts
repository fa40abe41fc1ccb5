const READS =
  /^(Describe|List|Get|Head|BatchGet|Filter|Lookup|Search|Query|Scan|Select|Simulate|Test)/

/** Calls that start or end a mere look, although their names do not say so. */
const LOOKS = new Set(['logs:StartQuery', 'logs:StopQuery', 'logs:StartLiveTail'])

/**
 * True if a call changes something in the account: not Describe*, List*, Get*, Head* and the like; S3 and other REST
 * services by HTTP method; STS never, because it gives out credentials and changes nothing.
 */
export function mutates(service: string, operation: string, method: string): boolean {
  if (service === 'sts') return false
  if (service === 's3') return /^(PUT|POST|DELETE)$/.test(method)
  if (LOOKS.has(`${service}:${operation}`)) return false
  if (operation.includes(' ')) return /^(PUT|POST|DELETE|PATCH)$/.test(method)
  return !READS.test(operation)
}
