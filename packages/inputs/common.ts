import { durationBetween, flag, listOf, matching, optional, text } from './parsers.ts'

/** A name that is a folder in the store, a part of ids and a word in commands: letters, digits, dot, dash, underscore. */
export const environmentName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/

/** `s3://bucket` or `s3://bucket/prefix`, by the naming rules of general purpose buckets. */
export const storeLocation = /^s3:\/\/[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/[A-Za-z0-9._/-]+)?$/

/** The name of a secret; those of AWS's own services have a `!`. */
export const secretName = /^[\w/+=.@!-]{1,512}$/

/** The name of a parameter, `name` or `/a/b`, or with a slash at its end all of a path (Systems Manager, PutParameter). */
export const parameterName = /^(?=.{1,1011}$)([\w.-]+|(\/[\w.-]+)+\/?)$/

/** The naming rules of general purpose buckets. */
export const bucketName = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/
/** A folder in a bucket. */
export const keyPrefix = /^[^/\s][^\s]{0,500}$/
/** A CloudFront distribution. */
export const distributionId = /^E[A-Z0-9]{1,31}$/

/** What GitHub calls an environment ("Managing environments for deployment"). */
const gitHubName = /^[^\p{Cc}]{1,255}$/u

export const regionName = /^[a-z]{2}(-[a-z]+)+-\d$/
export const accountId = /^\d{12}$/
export const roleArn = /^arn:aws[a-z-]*:iam::\d{12}:role\/[\w+=,.@/-]+$/

/** The name of a GitHub environment, which need not be that of an environment of the configuration. */
export const gitHubEnvironment = matching(
  gitHubName,
  'the name of a GitHub environment (at most 255 characters)',
)

/** The inputs that every action has. Spread them into the action's own. */
export const common = {
  environment: optional(
    matching(environmentName, 'letters, digits, dots, dashes or underscores (1 to 63)'),
  ),
  config: text,
  store: optional(matching(storeLocation, 's3://bucket or s3://bucket/prefix')),
  'dry-run': flag,
  timeout: durationBetween('1s', '12h'),
  'poll-interval': durationBetween('10ms', '10m'),
  region: optional(matching(regionName, 'a region such as us-east-1')),
  'role-to-assume': optional(matching(roleArn, 'the ARN of an IAM role')),
  'allowed-account-ids': optional(listOf(accountId, '12-digit account ids')),
} as const
