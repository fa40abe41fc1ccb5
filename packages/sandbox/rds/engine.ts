import { invalidCombination, invalidValue, parameterGroupNotFound } from './errors.ts'
import type { Place } from './world.ts'

/** The newest minor version per major version that is offered when only the major version is named. */
const NEWEST: Readonly<Record<string, string>> = {
  '13': '13.22',
  '14': '14.19',
  '15': '15.14',
  '16': '16.10',
  '17': '17.6',
}

/** The engine version to record. Throws InvalidParameterCombination for one that RDS for PostgreSQL does not have. */
export function engineVersion(place: Place, asked: string | undefined): string {
  const own = place.world.data.version
  if (asked === undefined) return own
  const [major = '', minor] = asked.split('.')
  const newest = own.startsWith(`${major}.`) ? own : NEWEST[major]
  if (!newest || !/^\d+(\.\d+)?$/.test(asked)) {
    throw invalidCombination(`Cannot find version ${asked} for postgres`)
  }
  return minor === undefined ? newest : asked
}

const majorOf = (version: string) => version.split('.')[0]

/** The parameter group that an instance gets when none is named. */
export const defaultParameterGroup = (version: string) => `default.postgres${majorOf(version)}`

/** The option group that an instance gets when none is named. */
export const defaultOptionGroup = (version: string) => `default:postgres-${majorOf(version)}`

/** Checks that a parameter group exists and fits the engine version. Throws DBParameterGroupNotFound or InvalidParameterCombination. */
export function parameterGroupFor(
  place: Place,
  asked: string | undefined,
  version: string,
): string {
  const usual = defaultParameterGroup(version)
  if (asked === undefined || asked === usual) return usual
  const group = place.parameterGroups.get(asked.toLowerCase())
  if (!group) throw parameterGroupNotFound(asked)
  if (group.family !== `postgres${majorOf(version)}`) {
    throw invalidCombination(
      `The parameter group ${group.name} with DBParameterGroupFamily ${group.family} cannot be used for this instance. Please use a parameter group with DBParameterGroupFamily postgres${majorOf(version)}`,
    )
  }
  return group.name
}

/** Checks the engine's name. Throws InvalidParameterValue, also for engines that AWS has and the sandbox has not. */
export function checkEngine(engine: string | undefined): void {
  if (engine === undefined || engine === 'postgres') return
  throw invalidValue(`Invalid DB engine: ${engine} (the sandbox runs postgres only)`)
}

/**
 * Checks a master password. Throws InvalidParameterValue.
 * Rule: CreateDBInstance, MasterUserPassword for PostgreSQL: 8 to 128 printable ASCII characters except / ' " @ and space.
 */
export function checkPassword(password: string): void {
  const wrong = (why: string) =>
    invalidValue(`The parameter MasterUserPassword is not a valid password ${why}`)
  if (password.length < 8) throw wrong('because it is shorter than 8 characters.')
  if (password.length > 128) throw wrong('because it is longer than 128 characters.')
  if (!/^[!-~]+$/.test(password) || /[/@"']/.test(password)) {
    throw wrong(`. Only printable ASCII characters besides '/', '@', '"', ' ' may be used.`)
  }
}

const RESERVED = new Set([
  'admin',
  'rdsadmin',
  'rds_superuser',
  'rdsrepladmin',
  'pg_monitor',
  'public',
])

/** Checks a master user name. Throws InvalidParameterValue. Rule: CreateDBInstance, MasterUsername for PostgreSQL. */
export function checkMasterName(name: string): void {
  if (!/^[a-z_][a-z0-9_]{0,62}$/i.test(name)) {
    throw invalidValue(`The parameter MasterUsername is not a valid identifier: ${name}`)
  }
  if (RESERVED.has(name.toLowerCase())) {
    throw invalidValue(
      `MasterUsername ${name} cannot be used as it is a reserved word used by the engine`,
    )
  }
}
