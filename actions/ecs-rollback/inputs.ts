import { grades, modes, orders, parseDestination } from '#ecs'
import { choice, common, durationBetween, flag, matching, optional, selection, text } from '#inputs'

const name = /^[A-Za-z0-9_-]{1,255}$/
const what = 'letters, digits, dashes and underscores (1 to 255)'
/** The id or the ARN of a service deployment. */
const deployment =
  /^(arn:aws[a-z-]*:ecs:[a-z0-9-]+:\d{12}:service-deployment\/[\w-]+\/[\w-]+\/)?[\w-]{10,64}$/

export const inputs = {
  ...common,
  mode: choice(...modes),
  cluster: optional(matching(name, what)),
  services: optional(selection({ pattern: name, what: `names of ${what}` })),
  to: parseDestination,
  'min-grade': optional(choice(...grades)),
  'min-soak': optional(durationBetween('0s', '720h')),
  'bad-deployment': optional(matching(deployment, 'the id or the ARN of a service deployment')),
  'require-all': optional(flag),
  record: optional(text),
  'capacity-timeout': optional(durationBetween('0s', '12h')),
  'stable-for': optional(durationBetween('0s', '1h')),
  order: optional(choice(...orders)),
  'protect-rollback': optional(flag),
}
