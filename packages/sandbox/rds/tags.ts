import type { Tag } from '@aws-sdk/client-rds'
import {
  instanceNotFound,
  invalidValue,
  parameterGroupNotFound,
  snapshotNotFound,
  subnetGroupNotFound,
} from './errors.ts'
import { arnOf } from './names.ts'
import type { Place } from './world.ts'

/** Checks tags that somebody gave. Throws InvalidParameterValue. Rules: RDS User Guide, tagging. */
export function newTags(tags: readonly Tag[] | undefined): readonly Tag[] | undefined {
  if (!tags || tags.length === 0) return undefined
  for (const { Key = '' } of tags) {
    if (Key === '' || Key.length > 128) throw invalidValue('Tag keys must be 1 to 128 characters.')
    if (/^(aws|rds):/i.test(Key)) {
      throw invalidValue(`The tag key ${Key} is reserved for system use.`)
    }
  }
  return withTags([], tags)
}

/** The tags after adding: a key that is there gets the new value. */
export function withTags(tags: readonly Tag[], added: readonly Tag[]): readonly Tag[] {
  const byKey = new Map([...tags, ...added].map((tag) => [tag.Key, tag]))
  if (byKey.size > 50) throw invalidValue('A resource can have at most 50 tags.')
  return [...byKey.values()].map(({ Key, Value = '' }) => ({ Key, Value }))
}

/** Where the tags of something are kept. */
interface Tagged {
  get(): readonly Tag[]
  set(tags: readonly Tag[]): void
}

const kept = <T extends { tags: readonly Tag[] }>(thing: T): Tagged => ({
  get: () => thing.tags,
  set: (tags) => {
    thing.tags = tags
  },
})

/** The resource of an ARN. Throws its own NotFound error, or InvalidParameterValue when it is no ARN of this place. */
function taggedBy(place: Place, arn: string): Tagged {
  const [, kind, name = ''] = /^arn:aws:rds:[^:]+:\d+:([a-z]+):(.+)$/.exec(arn) ?? []
  const isHere = kind !== undefined && arn.startsWith(arnOf(place, 'db', '').replace(/db:$/, ''))
  if (!isHere) throw invalidValue(`Invalid resource name: ${arn}`)
  const instance = place.instances.get(name)
  const snapshot = place.snapshots.get(name)
  const inGroup: Tagged = {
    get: () => place.groupTags.get(arn) ?? [],
    set: (tags) => void place.groupTags.set(arn, tags),
  }
  switch (kind) {
    case 'db':
      if (!instance) throw instanceNotFound(name)
      return kept(instance)
    case 'snapshot':
      if (!snapshot) throw snapshotNotFound(name)
      return kept(snapshot)
    case 'pg':
      if (!place.parameterGroups.has(name)) throw parameterGroupNotFound(name)
      return inGroup
    case 'subgrp':
      if (!place.subnetGroups.has(name)) throw subnetGroupNotFound(name)
      return inGroup
    default:
      throw invalidValue(`The sandbox has no RDS resources of type ${kind}`)
  }
}

/** AddTagsToResource. */
export function addTags(place: Place, input: { ResourceName: string; Tags: readonly Tag[] }) {
  const tagged = taggedBy(place, input.ResourceName)
  tagged.set(withTags(tagged.get(), newTags(input.Tags) ?? []))
}

/** RemoveTagsFromResource. */
export function removeTags(
  place: Place,
  input: { ResourceName: string; TagKeys: readonly string[] },
) {
  const tagged = taggedBy(place, input.ResourceName)
  tagged.set(tagged.get().filter(({ Key = '' }) => !input.TagKeys.includes(Key)))
}

/** ListTagsForResource. */
export function listTags(place: Place, input: { ResourceName: string }) {
  return { TagList: [...taggedBy(place, input.ResourceName).get()] }
}
