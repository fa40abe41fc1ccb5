import { verdicts } from '#core'
import { choice, common, flag, optional, text } from '#inputs'

export const inputs = {
  ...common,
  verdict: optional(choice(...verdicts)),
  to: text,
  components: text,
  consent: optional(text),
  asked: flag,
  resume: flag,
  reason: optional(text),
  'on-inconclusive': optional(choice('hold', 'roll-back')),
  token: optional(text),
}
