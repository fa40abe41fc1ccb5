import { common, optional, text } from '#inputs'

export const inputs = {
  ...common,
  'rollback-environment': optional(text),
  'consent-environment': optional(text),
  token: optional(text),
}
