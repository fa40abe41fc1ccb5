import { common, flag, optional, text } from '#inputs'

export const inputs = {
  ...common,
  script: optional(text),
  migrates: flag,
  'script-env': optional(text),
}
