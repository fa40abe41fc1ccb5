/** Ids are deterministic: a re-run finds what its earlier attempt wrote. */

/** `<environment>/<run id>`, without the attempt. */
export const deploymentId = (environment: string, runId: string) => `${environment}/${runId}`
export const beforeId = (deployment: string) => `${deployment}/before`
export const afterId = (deployment: string) => `${deployment}/after`
export const recordId = (undone: string, n: number) => `${undone}/rollback-${n}`

/** The `after` of a rollback: beside the `after` that its deployment may have had. */
export const rollbackAfterId = (record: string) =>
  `${record.replace(/\/(rollback-\d+)$/, '.$1')}/after`

/** The deployment that a point or record id belongs to. */
export const deploymentOf = (id: string) => id.split('/').slice(0, 2).join('/')

const pointPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\/[A-Za-z0-9._-]+\/(before|after)$/
const recordPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}\/[A-Za-z0-9._-]+\/rollback-\d+$/
export const isPointId = (given: string) => pointPattern.test(given)
export const isRecordId = (given: string) => recordPattern.test(given)

/** Where documents live below the store's prefix. */
export const keys = {
  document: (id: string) => `${id}.json`,
  lease: (environment: string) => `${environment}/lease.json`,
  environment: (environment: string) => `${environment}/environment.json`,
  /** The proof that this role may write here. */
  preflight: (environment: string) => `${environment}/preflight.json`,
  pin: (environment: string, sha: string) => `${environment}/pins/${sha}.json`,
  /** A migration file of a release that was deployed, by the hash of its text. */
  migration: (environment: string, sha256: string) => `${environment}/migrations/${sha256}.sql`,
}
