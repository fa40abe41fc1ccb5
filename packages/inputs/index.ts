import { configSchema } from './config.ts'

export {
  bucketName,
  common,
  distributionId,
  gitHubEnvironment,
  keyPrefix,
  parameterName,
  secretName,
} from './common.ts'
export {
  type AlarmsCheck,
  type AssetsCheck,
  type Check,
  type Config,
  configSchema,
  describe,
  type EcsCheck,
  type EnvironmentConfig,
  type HttpCheck,
  type LogsCheck,
  parseChecks,
  parseConfig,
  type SqlCheck,
} from './config.ts'
export {
  choice,
  count,
  duration,
  durationBetween,
  flag,
  list,
  listOf,
  matching,
  optional,
  type Parsed,
  type Parser,
  quote,
  text,
} from './parsers.ts'
export { type Given, readInputs, type Spec } from './read.ts'
export { type Selection, selection, type Words } from './selection.ts'

/** The documents people write, by the file name of their published JSON Schema. */
export const publishedSchemas = { rollback: configSchema }
