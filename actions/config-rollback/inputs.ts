import {
  choice,
  common,
  listOf,
  matching,
  optional,
  parameterName,
  secretName,
  text,
} from '#inputs'

const name = /^[A-Za-z0-9_-]{1,255}$/
const what = 'letters, digits, dashes and underscores (1 to 255)'

export const inputs = {
  ...common,
  mode: choice('rollback', 'capture'),
  secrets: optional(listOf(secretName, 'names of secrets, no ARNs')),
  parameters: optional(listOf(parameterName, 'names of parameters, or /paths/')),
  to: text,
  versions: optional(text),
  record: optional(text),
  reason: choice('wrong-value', 'compromised'),
  cluster: optional(matching(name, what)),
  services: optional(listOf(name, `names of ${what}`)),
}
