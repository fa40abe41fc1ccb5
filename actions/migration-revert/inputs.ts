import { choice, common, matching, optional, text } from '#inputs'

export const inputs = {
  ...common,
  mode: choice('capture'),
  connection: optional(matching(/^secret:[\w/+=.@:!-]+$/, 'secret:<name or ARN of a secret>')),
  tool: optional(choice('dbmate', 'ledger')),
  path: optional(text),
  table: optional(matching(/^[A-Za-z_][\w$]*(\.[A-Za-z_][\w$]*)?$/, 'table or schema.table')),
  column: optional(matching(/^[A-Za-z_][\w$]*$/, 'a column name')),
}
