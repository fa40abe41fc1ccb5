export { applyChange, type Change } from './apply.ts'
export {
  type Connection,
  defaultPort,
  type ParsedConnection,
  type Place,
  parseConnection,
  placeOf,
  replacePlace,
} from './connection.ts'
export { maskConnection, redact, secretsIn } from './mask.ts'
export { type Database, type Limits, openDatabase, type Query, query, type Row } from './query.ts'
export { type Encryption, encryptions } from './tls.ts'
export { programUrl } from './url.ts'
