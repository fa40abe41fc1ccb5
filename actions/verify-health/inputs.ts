import { choice, common, count, durationBetween, listOf, matching, optional, text } from '#inputs'

const version = /^[\w.+:@/-]{1,200}$/

export const inputs = {
  ...common,
  mode: choice('verify', 'baseline'),
  expect: choice('released', 'restored'),
  released: optional(matching(version, 'a commit or a version, without spaces')),
  version: optional(matching(version, 'a commit or a version, without spaces')),
  record: optional(text),
  checks: optional(text),
  cluster: optional(text),
  services: optional(listOf(/^[\w-]{1,255}$/, 'names of services')),
  watch: optional(durationBetween('1s', '12h')),
  consecutive: count(2),
} as const
