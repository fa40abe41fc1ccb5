import { common, gitHubEnvironment, optional, text } from '#inputs'

export const inputs = {
  ...common,
  'rollback-environment': optional(gitHubEnvironment),
  'consent-environment': optional(gitHubEnvironment),
  token: optional(text),
}
