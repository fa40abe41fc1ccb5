export { type Arn, parseArn, shortName } from './arn.ts'
export { call, callError, codeOf, iamAction, isDenied, isPassing } from './call.ts'
export { type AwsConfig, awsConfig, type Credentials, type Renewal } from './config.ts'
export { type Digest, digester } from './digest.ts'
