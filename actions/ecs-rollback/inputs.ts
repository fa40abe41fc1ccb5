import { choice, common, durationBetween, flag, listOf, matching, optional, text } from '#inputs'

const name = /^[A-Za-z0-9_-]{1,255}$/
const what = 'letters, digits, dashes and underscores (1 to 255)'

export const inputs = {
  ...common,
  mode: choice('rollback', 'stop', 'start', 'redeploy'),
  cluster: optional(matching(name, what)),
  services: optional(listOf(name, `names of ${what}`)),
  to: text,
  record: optional(text),
  'capacity-timeout': durationBetween('0s', '12h'),
  'stable-for': durationBetween('0s', '1h'),
  order: choice('parallel', 'declared'),
  'protect-rollback': flag,
}
