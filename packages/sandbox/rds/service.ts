import * as z from 'zod'
import type { DataPlane } from '../postgres/index.ts'
import type { Admin, Ground, Operation, Service } from '../service.ts'
import {
  describeAccount,
  describeClusterSnapshots,
  describeClusters,
  describeEvents,
} from './account.ts'
import { createInstance, restoreFromSnapshot, restoreToTime } from './create.ts'
import {
  createParameterGroup,
  createSubnetGroup,
  describeParameterGroups,
  describeSubnetGroups,
} from './groups.ts'
import { describeInstances, instanceNamed } from './instances.ts'
import {
  addRole,
  deleteInstance,
  rebootInstance,
  removeRole,
  startInstance,
  stopInstance,
} from './lifecycle.ts'
import { applyDeferred, modifyInstance } from './modify.ts'
import type { Home } from './names.ts'
import { copySnapshot, createSnapshot, deleteSnapshot, describeSnapshots } from './snapshots.ts'
import { addTags, listTags, removeTags } from './tags.ts'
import { type Knobs, type Place, placeOf, SECONDS, type World } from './world.ts'

/** The simulated RDS, and what tests can do with it beside calling it. */
export interface RdsService extends Service {
  readonly admin: { readonly rds: Admin }
  /** Sets what happens in one account and region: the snapshot quota, and the fate of the next snapshot or restore. */
  set(home: Home, knobs: Partial<Knobs>): void
  /** Lets the maintenance window come: deferred changes of the instance are applied. */
  maintain(home: Home, identifier: string): void
  close(): Promise<void>
}

const OPERATIONS = {
  CreateDBInstance: createInstance,
  DescribeDBInstances: describeInstances,
  ModifyDBInstance: modifyInstance,
  DeleteDBInstance: deleteInstance,
  RebootDBInstance: rebootInstance,
  StopDBInstance: stopInstance,
  StartDBInstance: startInstance,
  CreateDBSnapshot: createSnapshot,
  DescribeDBSnapshots: describeSnapshots,
  DeleteDBSnapshot: deleteSnapshot,
  CopyDBSnapshot: copySnapshot,
  RestoreDBInstanceFromDBSnapshot: restoreFromSnapshot,
  RestoreDBInstanceToPointInTime: restoreToTime,
  AddTagsToResource: addTags,
  RemoveTagsFromResource: removeTags,
  ListTagsForResource: listTags,
  AddRoleToDBInstance: addRole,
  RemoveRoleFromDBInstance: removeRole,
  DescribeAccountAttributes: describeAccount,
  DescribeEvents: describeEvents,
  CreateDBSubnetGroup: createSubnetGroup,
  DescribeDBSubnetGroups: describeSubnetGroups,
  CreateDBParameterGroup: createParameterGroup,
  DescribeDBParameterGroups: describeParameterGroups,
  DescribeDBClusters: describeClusters,
  DescribeDBClusterSnapshots: describeClusterSnapshots,
}

const adminCall = z.strictObject({
  account: z.string(),
  region: z.string(),
  manualSnapshots: z.int().nonnegative().optional(),
  nextSnapshot: z.enum(['works', 'fails', 'hangs']).optional(),
  nextRestore: z.enum(['works', 'insufficient-capacity', 'incompatible-restore']).optional(),
  maintain: z.string().optional(),
})

function setKnobs({ knobs }: Place, wished: Partial<Knobs>): void {
  const given = Object.entries(wished).filter(([, value]) => value !== undefined)
  Object.assign(knobs, Object.fromEntries(given))
}

/** What `/_sandbox/rds` answers: the knobs after the call. */
function admin(world: World): Admin {
  return async (body) => {
    const { account, region, maintain, ...wished } = adminCall.parse(body)
    const place = placeOf(world, { account, region })
    setKnobs(place, wished as Partial<Knobs>)
    if (maintain) applyDeferred(place, instanceNamed(place, maintain))
    return place.knobs
  }
}

/** Moves LatestRestorableTime of every instance that is backed up and running, again and again. */
function keepRestorable(world: World): void {
  const timer = world.ground.clock.after(SECONDS.restorableLag * 1000, () => {
    world.timers.delete(timer)
    const instances = [...world.places.values()].flatMap((place) => [...place.instances.values()])
    for (const one of instances) {
      const isBackedUp = one.latestRestorable && one.settings.BackupRetentionPeriod > 0
      if (isBackedUp && one.status !== 'stopped') {
        one.latestRestorable = new Date(world.ground.clock.now())
      }
    }
    keepRestorable(world)
  })
  world.timers.add(timer)
}

/** A simulated RDS for PostgreSQL whose servers are those of `ports.data`; closing it closes them too. */
export function rdsService(ground: Ground, ports: { readonly data: DataPlane }): RdsService {
  const world: World = { ground, data: ports.data, places: new Map(), timers: new Set() }
  keepRestorable(world)
  const operations = Object.entries(OPERATIONS).map(([name, operation]) => {
    const bound: Operation = (input, caller) => operation(placeOf(world, caller), input)
    return [name, bound] as const
  })
  return {
    name: 'rds',
    operations: Object.fromEntries(operations),
    admin: { rds: admin(world) },
    set: (home, knobs) => setKnobs(placeOf(world, home), knobs),
    maintain: (home, identifier) => {
      const place = placeOf(world, home)
      applyDeferred(place, instanceNamed(place, identifier))
    },
    close: async () => {
      for (const timer of world.timers) timer.cancel()
      world.timers.clear()
      await world.data.close()
    },
  }
}
