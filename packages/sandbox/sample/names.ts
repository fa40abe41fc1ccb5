/** Where a sample company lives: every name that its AWS account and its repository share. */
export interface Place {
  readonly account: string
  readonly region: string
}

export const cluster = 'acme-production'
export const databaseName = 'acme'
export const databaseInstance = 'acme-production'
export const databaseSecret = 'acme/production/database-url'
export const tokenSecret = 'acme/production/jwt-secret'
/** Every parameter of the environment lies below this. */
export const parameterPath = '/acme/production/'
export const flagsParameter = `${parameterPath}feature-flags`

/** Bucket names are global, so the account is part of it. */
export const storeBucket = ({ account }: Place) => `acme-rollback-${account}`
export const siteBucket = ({ account }: Place) => `acme-frontend-${account}`
