import type {
  ModifyDBInstanceMessage,
  RestoreDBInstanceFromDBSnapshotMessage,
} from '@aws-sdk/client-rds'
import { attributes } from './attributes.ts'
import { asTags, type Instance, type InstanceRole, type Tags } from './state.ts'

/** The restored instance in the words of the call that makes it. */
export interface NewInstance {
  readonly id: string
  readonly snapshot: string
  readonly tags: Tags
}

/** The restore call that gives a new instance everything of the source that this call can give. Pure. */
export function restoreInput(
  source: Instance,
  made: NewInstance,
): RestoreDBInstanceFromDBSnapshotMessage {
  const fields = attributes.map(({ name, restore }) => {
    const value = source.attributes[name]
    return value === undefined ? {} : (restore?.(value) ?? {})
  })
  return {
    ...Object.assign({}, ...fields),
    DBInstanceIdentifier: made.id,
    DBSnapshotIdentifier: made.snapshot,
    ...(source.place ? { Port: source.place.port } : {}),
    Tags: asTags({ ...carriedTags(source.tags), ...made.tags }),
  }
}

/** Tags in the namespace of AWS may not be written; ours say which run made the source, not the copy. */
export function carriedTags(tags: Tags): Tags {
  return Object.fromEntries(
    Object.entries(tags).filter(([key]) => !/^(aws:|rollback-actions:)/i.test(key)),
  )
}

/** One setting that the restored instance does not share with its source. */
export interface Difference {
  readonly name: string
  readonly source: string
  readonly restored: string
}

/** Everything in which a restored instance differs from its source, roles and tags included. Pure. */
export function differences(source: Instance, restored: Instance): readonly Difference[] {
  const settings = attributes.flatMap(({ name }) => {
    const [was, is] = [source.attributes[name], restored.attributes[name]]
    return same(was, is) ? [] : [{ name, source: print(was), restored: print(is) }]
  })
  const roles = missingRoles(source, restored).map(({ arn, feature }) => ({
    name: `role for ${feature || 'the instance'}`,
    source: arn.split('/').at(-1) ?? arn,
    restored: 'none',
  }))
  const tags = Object.entries(carriedTags(source.tags))
    .filter(([key, value]) => restored.tags[key] !== value)
    .map(([key, value]) => ({
      name: `tag ${key}`,
      source: value,
      restored: restored.tags[key] ?? 'none',
    }))
  const password =
    source.managedPassword && !restored.managedPassword
      ? [{ name: 'managed master password', source: 'on', restored: 'off' }]
      : []
  return [...settings, ...roles, ...tags, ...password]
}

/** The modify call for what still differs and can be modified; undefined when there is nothing. Pure. */
export function modifyInput(
  source: Instance,
  restored: Instance,
): ModifyDBInstanceMessage | undefined {
  const fields = attributes.flatMap(({ name, modify }) => {
    const value = source.attributes[name]
    const differs = !same(value, restored.attributes[name])
    return modify && value !== undefined && differs ? [modify(value)] : []
  })
  if (fields.length === 0) return undefined
  return {
    ...Object.assign({}, ...fields),
    DBInstanceIdentifier: restored.id,
    ApplyImmediately: true,
  }
}

/** Roles of the source that the restored instance has not been given. Pure. */
export function missingRoles(source: Instance, restored: Instance): readonly InstanceRole[] {
  return source.roles.filter(
    (role) =>
      !restored.roles.some((other) => other.arn === role.arn && other.feature === role.feature),
  )
}

const same = (a: unknown, b: unknown) => canonical(a) === canonical(b)
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  ) ?? 'absent'
const print = (value: unknown) => {
  if (value === undefined) return 'none'
  return typeof value === 'string' ? value : canonical(value)
}
