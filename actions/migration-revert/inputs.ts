import { choice, common, durationBetween, flag, matching, optional, text } from '#inputs'

const limit = optional(durationBetween('100ms', '6h'))

export const inputs = {
  ...common,
  mode: choice('capture', 'revert'),
  connection: optional(matching(/^secret:[\w/+=.@:!-]+$/, 'secret:<name or ARN of a secret>')),
  tool: optional(choice('dbmate', 'goose', 'sqlx', 'ledger')),
  path: optional(text),
  table: optional(matching(/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/, 'table or schema.table')),
  column: optional(matching(/^[A-Za-z_][\w$]*$/, 'a column name')),
  to: text,
  record: optional(text),
  reviewed: optional(text),
  'confirm-data-loss': flag,
  revert: optional(choice('auto', 'tool', 'sql', 'task')),
  'lock-timeout': limit,
  'statement-timeout': limit,
}
