/** Bad input: every problem at once, found before the first call. */
export class InputError extends Error {
  readonly problems: readonly string[]
  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.name = 'InputError'
    this.problems = problems
  }
}

/** What a failed call was, in the field's own terms. */
export interface FailedCall {
  /** The IAM action: `ecs:UpdateService`. */
  readonly action: string
  /** The thing it was sent for: a service's, secret's or instance's name. */
  readonly on: string
  /** AWS's error code: `AccessDeniedException`. */
  readonly code: string
  /** What a person can do next. */
  readonly next: string
}

/** A call to AWS or to a database that failed after its retries; `cause` keeps the original. */
export class CallError extends Error {
  readonly action: string
  readonly on: string
  readonly code: string
  readonly next: string
  constructor(call: FailedCall, message: string, cause?: unknown) {
    super(`${call.action} on ${call.on}: ${call.code}: ${message}`, { cause })
    this.name = 'CallError'
    this.action = call.action
    this.on = call.on
    this.code = call.code
    this.next = call.next
  }
}

/** Thrown at any depth when the lease went to somebody else: nothing more may be sent (P10). */
export class LeaseLost extends Error {
  readonly holder: string
  constructor(holder: string) {
    super(`the lease is now held by ${holder}`)
    this.name = 'LeaseLost'
    this.holder = holder
  }
}

/** The message of anything thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown)
}
