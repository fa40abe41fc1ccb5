import {
  choice,
  common,
  durationBetween,
  flag,
  gitHubEnvironment,
  listOf,
  optional,
  text,
} from '#inputs'
import { reportModes } from '#rollback'

export const inputs = {
  ...common,
  mode: choice(...reportModes),
  plan: optional(text),
  record: optional(text),
  reason: optional(text),
  pin: optional(text),
  settle: durationBetween('0s', '10m'),
  'github-environment': optional(gitHubEnvironment),
  token: optional(text),
  ticket: flag,
  labels: listOf(/^\S.{0,49}$/, 'names of labels of at most 50 characters'),
  assignees: optional(listOf(/^[\w-]{1,39}$/, 'logins on GitHub')),
  template: optional(text),
  'slack-webhook': optional(text),
  'teams-webhook': optional(text),
}
