import { choice, common, flag, matching, optional } from '#inputs'

export const inputs = {
  ...common,
  mode: choice('snapshot', 'restore'),
  connection: optional(matching(/^secret:[\w/+=.@:!-]+$/, 'secret:<name or ARN of a secret>')),
  'snapshot-suffix': optional(
    matching(
      /^(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*$/,
      'lower-case letters, digits and single dashes (1 to 32)',
    ),
  ),
  record: optional(
    matching(/^[A-Za-z0-9][\w.-]*\/[\w.-]+\/rollback-\d+$/, '<environment>/<run id>/rollback-<n>'),
  ),
  snapshot: optional(
    matching(
      /^(?=.{1,255}$)(rds:)?[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/,
      'the identifier of a snapshot, not its ARN',
    ),
  ),
  'confirm-data-loss': flag,
}
