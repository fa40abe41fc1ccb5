import { choice, common, optional, text } from '#inputs'

export const inputs = {
  ...common,
  mode: choice('open', 'close'),
  plan: optional(text),
  record: optional(text),
  reason: optional(text),
  'github-environment': optional(text),
  token: optional(text),
}
