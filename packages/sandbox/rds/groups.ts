import type {
  CreateDBParameterGroupMessage,
  CreateDBSubnetGroupMessage,
  DescribeDBParameterGroupsMessage,
  DescribeDBSubnetGroupsMessage,
} from '@aws-sdk/client-rds'
import { AwsError } from '../service.ts'
import { defaultParameterGroup } from './engine.ts'
import { invalidValue, parameterGroupNotFound, subnetGroupNotFound } from './errors.ts'
import { arnOf, newName } from './names.ts'
import { page } from './pages.ts'
import { subnetGroupShape } from './shapes.ts'
import { newTags } from './tags.ts'
import type { ParameterGroup, Place } from './world.ts'

/** CreateDBSubnetGroup. Throws DBSubnetGroupAlreadyExists, DBSubnetGroupDoesNotCoverEnoughAZs, InvalidParameterValue. */
export function createSubnetGroup(place: Place, input: CreateDBSubnetGroupMessage) {
  const name = (input.DBSubnetGroupName ?? '').toLowerCase()
  const subnets = input.SubnetIds ?? []
  if (!/^[a-z0-9 ._-]{1,255}$/.test(name) || name === 'default') {
    throw invalidValue(`The parameter DBSubnetGroupName is not a valid identifier: ${name}`)
  }
  if (place.subnetGroups.has(name)) {
    throw new AwsError(
      'DBSubnetGroupAlreadyExists',
      `The DB subnet group '${name}' already exists.`,
    )
  }
  if (new Set(subnets).size < 2) {
    throw new AwsError(
      'DBSubnetGroupDoesNotCoverEnoughAZs',
      'The DB subnet group doesn’t meet Availability Zone (AZ) coverage requirement. Current AZ coverage: 1. Add subnets to cover at least 2 AZs.',
    )
  }
  const group = { name, description: input.DBSubnetGroupDescription ?? '', subnets }
  place.subnetGroups.set(name, group)
  place.groupTags.set(arnOf(place, 'subgrp', name), newTags(input.Tags) ?? [])
  return { DBSubnetGroup: subnetGroupShape(place, group) }
}

/** DescribeDBSubnetGroups. Throws DBSubnetGroupNotFoundFault. */
export function describeSubnetGroups(place: Place, input: DescribeDBSubnetGroupsMessage) {
  const name = input.DBSubnetGroupName?.toLowerCase()
  const groups = [...place.subnetGroups.values()].filter((one) => !name || one.name === name)
  if (name && groups.length === 0) throw subnetGroupNotFound(name)
  groups.sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, Marker } = page(groups, input, (one) => one.name)
  return { DBSubnetGroups: items.map((one) => subnetGroupShape(place, one)), Marker }
}

const parameterGroupShape = (place: Place, { name, family, description }: ParameterGroup) => ({
  DBParameterGroupName: name,
  DBParameterGroupFamily: family,
  Description: description,
  DBParameterGroupArn: arnOf(place, 'pg', name),
})

/** CreateDBParameterGroup. Throws DBParameterGroupAlreadyExists, InvalidParameterValue. */
export function createParameterGroup(place: Place, input: CreateDBParameterGroupMessage) {
  const name = newName('DBParameterGroupName', input.DBParameterGroupName ?? '', 255)
  const family = input.DBParameterGroupFamily ?? ''
  if (!/^postgres\d+$/.test(family)) {
    throw invalidValue(`ParameterGroupFamily ${family} is not a valid parameter group family`)
  }
  if (place.parameterGroups.has(name)) {
    throw new AwsError('DBParameterGroupAlreadyExists', `Parameter group ${name} already exists`)
  }
  const group = { name, family, description: input.Description ?? '' }
  place.parameterGroups.set(name, group)
  place.groupTags.set(arnOf(place, 'pg', name), newTags(input.Tags) ?? [])
  return { DBParameterGroup: parameterGroupShape(place, group) }
}

/** AWS's own groups, which exist once an instance uses them. */
function defaultGroups(place: Place): ParameterGroup[] {
  const names = [...place.instances.values()].map(({ settings }) =>
    defaultParameterGroup(settings.EngineVersion),
  )
  return [...new Set(names)].map((name) => {
    const family = name.slice('default.'.length)
    return { name, family, description: `Default parameter group for ${family}` }
  })
}

/** DescribeDBParameterGroups. Throws DBParameterGroupNotFound. */
export function describeParameterGroups(place: Place, input: DescribeDBParameterGroupsMessage) {
  const name = input.DBParameterGroupName?.toLowerCase()
  const all = [...place.parameterGroups.values(), ...defaultGroups(place)]
  const groups = all.filter((one) => !name || one.name === name)
  if (name && groups.length === 0) throw parameterGroupNotFound(name)
  groups.sort((a, b) => (a.name < b.name ? -1 : 1))
  const { items, Marker } = page(groups, input, (one) => one.name)
  return { DBParameterGroups: items.map((one) => parameterGroupShape(place, one)), Marker }
}
