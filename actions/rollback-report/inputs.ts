import { choice, common, durationBetween, optional, text } from '#inputs'
import { reportModes } from '#rollback'

export const inputs = {
  ...common,
  mode: choice(...reportModes),
  plan: optional(text),
  record: optional(text),
  reason: optional(text),
  pin: optional(text),
  settle: durationBetween('0s', '10m'),
  'github-environment': optional(text),
  token: optional(text),
}
