import { AwsError } from '../service.ts'

/** A value that AWS does not accept. */
export const invalidValue = (message: string) => new AwsError('InvalidParameterValue', message)

/** Values that AWS does not accept together. */
export const invalidCombination = (message: string) =>
  new AwsError('InvalidParameterCombination', message)

/** No instance of that name or ARN. */
export const instanceNotFound = (identifier: string) =>
  new AwsError('DBInstanceNotFound', `DBInstance ${identifier} not found.`, 404)

/** The instance exists and is in the wrong state for what was asked. */
export const wrongInstanceState = (message: string) =>
  new AwsError('InvalidDBInstanceState', message)

/** The name of a new instance is taken. */
export const instanceExists = () =>
  new AwsError('DBInstanceAlreadyExists', 'DB instance already exists')

/** No snapshot of that name or ARN. */
export const snapshotNotFound = (identifier: string) =>
  new AwsError('DBSnapshotNotFound', `DBSnapshot ${identifier} not found.`, 404)

/** The name of a new snapshot is taken. */
export const snapshotExists = (identifier: string) =>
  new AwsError(
    'DBSnapshotAlreadyExists',
    `Cannot create the snapshot because a snapshot with the identifier ${identifier} already exists.`,
  )

/** The snapshot exists and is in the wrong state for what was asked. */
export const wrongSnapshotState = (message: string) =>
  new AwsError('InvalidDBSnapshotState', message)

/** The limit of manual snapshots per region is reached. */
export const snapshotQuotaExceeded = (max: number) =>
  new AwsError('SnapshotQuotaExceeded', `Cannot create more than ${max} manual snapshots`)

/** AWS has no machine of that class now. */
export const noCapacity = () =>
  new AwsError(
    'InsufficientDBInstanceCapacity',
    'DB instance class is not available in the specified Availability Zone.',
  )

/** No subnet group of that name. */
export const subnetGroupNotFound = (name: string) =>
  new AwsError('DBSubnetGroupNotFoundFault', `DB subnet group '${name}' does not exist.`, 404)

/** No parameter group of that name. */
export const parameterGroupNotFound = (name: string) =>
  new AwsError('DBParameterGroupNotFound', `DBParameterGroup not found: ${name}`, 404)
