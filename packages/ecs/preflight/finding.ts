/** One thing that the target of a service needs and that is not there, or of which nobody can say whether it is. */
export interface Finding {
  /** The service, or all that need the same thing: `web, api`. */
  readonly service: string
  /** `obstacle`: the target cannot start or serve. `doubt`: it could not be looked at, or may differ. */
  readonly is: 'obstacle' | 'doubt'
  /** `image`, `secret`, `parameter`, `environment file`, `role`, `reference`, `load balancer`, `schema`. */
  readonly what: string
  readonly why: string
  readonly next: string
}
