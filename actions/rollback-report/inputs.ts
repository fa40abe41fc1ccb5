import { choice, common, optional, text } from '#inputs'

export const inputs = {
  ...common,
  mode: choice('open', 'close', 'release'),
  plan: optional(text),
  record: optional(text),
  reason: optional(text),
  pin: optional(text),
  token: optional(text),
}
