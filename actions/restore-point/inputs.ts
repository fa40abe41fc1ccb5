import { choice, common, optional, text } from '#inputs'

export const inputs = {
  ...common,
  mode: choice('gate', 'capture', 'list', 'show'),
  point: choice('before', 'after'),
  id: optional(text),
  record: optional(text),
  deployment: optional(text),
  token: optional(text),
}
