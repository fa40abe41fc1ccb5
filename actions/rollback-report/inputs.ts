import { choice, common, durationBetween, optional, text } from '#inputs'

export const inputs = {
  ...common,
  mode: choice('open', 'close', 'take-over'),
  plan: optional(text),
  record: optional(text),
  reason: optional(text),
  settle: durationBetween('0s', '10m'),
  token: optional(text),
}
