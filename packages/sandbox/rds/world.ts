import type { DBInstanceRole, Event, PendingModifiedValues, Tag } from '@aws-sdk/client-rds'
import type { Timer } from '../clock.ts'
import type { DataPlane, Endpoint } from '../postgres/index.ts'
import type { Caller, Ground } from '../service.ts'
import { type Home, steadyId } from './names.ts'

/** Nominal durations in seconds of simulated time. The data plane may take longer, never shorter. */
export const SECONDS = {
  create: 300,
  restore: 400,
  snapshot: 120,
  /** From the call until the instance shows `backing-up` and the copy is taken. */
  snapshotBegins: 5,
  modify: 60,
  /** From the call until the instance stops showing `available`. */
  modifyBegins: 10,
  /** How long storage that grew is in `storage-optimization`. */
  optimize: 600,
  reboot: 30,
  stop: 60,
  start: 120,
  delete: 60,
  settle: 30,
  /** How far LatestRestorableTime lags at most. */
  restorableLag: 300,
} as const

/** What can be set on an instance and is kept in its snapshots, under AWS's names. */
export interface Settings {
  DBInstanceClass: string
  Engine: string
  EngineVersion: string
  MasterUsername: string
  DBName?: string | undefined
  AllocatedStorage: number
  MaxAllocatedStorage?: number | undefined
  StorageType: string
  Iops?: number | undefined
  StorageThroughput?: number | undefined
  StorageEncrypted: boolean
  KmsKeyId?: string | undefined
  MultiAZ: boolean
  AvailabilityZone: string
  /** The nominal port; the endpoint has the real one. */
  Port: number
  SubnetGroup: string
  SecurityGroups: readonly string[]
  ParameterGroup: string
  OptionGroup: string
  LicenseModel: string
  PubliclyAccessible: boolean
  BackupRetentionPeriod: number
  PreferredBackupWindow: string
  PreferredMaintenanceWindow: string
  AutoMinorVersionUpgrade: boolean
  DeletionProtection: boolean
  IAMDatabaseAuthenticationEnabled: boolean
  EnabledCloudwatchLogsExports: readonly string[]
  CopyTagsToSnapshot: boolean
  MonitoringInterval: number
  MonitoringRoleArn?: string | undefined
  PerformanceInsightsEnabled: boolean
  PerformanceInsightsKMSKeyId?: string | undefined
  PerformanceInsightsRetentionPeriod?: number | undefined
  DatabaseInsightsMode: 'standard' | 'advanced'
  CACertificateIdentifier: string
  NetworkType: string
  DedicatedLogVolume: boolean
  EngineLifecycleSupport: string
  PromotionTier?: number | undefined
}

/** The statuses in which changes are applied, in this order. */
export const PHASES = [
  'resetting-master-credentials',
  'modifying',
  'configuring-iam-database-auth',
  'configuring-log-exports',
  'configuring-enhanced-monitoring',
  'renaming',
] as const

/** A change that was accepted and is not applied yet. */
export interface Change {
  readonly phase: (typeof PHASES)[number]
  /** How PendingModifiedValues shows it. */
  readonly pending: PendingModifiedValues
  readonly apply: (instance: Instance) => void | Promise<void>
}

/** A database instance. */
export interface Instance {
  identifier: string
  readonly resourceId: string
  readonly createTime: Date
  status: string
  settings: Settings
  tags: readonly Tag[]
  roles: readonly DBInstanceRole[]
  /** Undefined until there is a server. */
  endpoint: Endpoint | undefined
  parameterStatus: 'in-sync' | 'applying' | 'pending-reboot'
  securityGroupStatus: 'active' | 'adding'
  /** Changes to apply as soon as possible. */
  changes: readonly Change[]
  /** Changes for the maintenance window. */
  deferred: readonly Change[]
  latestRestorable: Date | undefined
}

/** A snapshot of an instance. */
export interface Snapshot {
  readonly identifier: string
  readonly type: 'manual' | 'automated'
  /** The instance's name when the snapshot was taken. */
  readonly instance: string
  readonly resourceId: string
  readonly instanceCreateTime: Date
  readonly settings: Settings
  tags: readonly Tag[]
  /** The instance's tags when the snapshot was taken, which a restore without tags gets. */
  readonly instanceTags: readonly Tag[]
  /** The data plane's name of the copy. */
  readonly copy: string
  readonly source?: string | undefined
  status: string
  progress: number
  /** Whatever was committed by then is in the copy. */
  databaseTime: Date | undefined
  /** From then on the copy is whole: a recovery may stop no earlier. */
  copiedAt: Date | undefined
  createTime: Date | undefined
  originalCreateTime: Date | undefined
}

/** A subnet group. */
export interface SubnetGroup {
  readonly name: string
  readonly description: string
  readonly subnets: readonly string[]
}

/** A parameter group. */
export interface ParameterGroup {
  readonly name: string
  readonly family: string
  readonly description: string
}

/** What a test can make happen in one account and region. */
export interface Knobs {
  manualSnapshots: number
  nextSnapshot: 'works' | 'fails' | 'hangs'
  nextRestore: 'works' | 'insufficient-capacity' | 'incompatible-restore'
}

/** The RDS of one account in one region. */
export interface Place extends Home {
  readonly world: World
  readonly instances: Map<string, Instance>
  readonly snapshots: Map<string, Snapshot>
  readonly subnetGroups: Map<string, SubnetGroup>
  readonly parameterGroups: Map<string, ParameterGroup>
  /** Tags of parameter and subnet groups, by ARN. */
  readonly groupTags: Map<string, readonly Tag[]>
  readonly events: Event[]
  readonly knobs: Knobs
}

/** Everything of the simulated RDS. */
export interface World {
  readonly ground: Ground
  readonly data: DataPlane
  readonly places: Map<string, Place>
  readonly timers: Set<Timer>
}

/** The place of a caller, which exists from the first time somebody looks. */
export function placeOf(
  world: World,
  { account, region }: Pick<Caller, 'account' | 'region'>,
): Place {
  const key = `${account}/${region}`
  const known = world.places.get(key)
  if (known) return known
  const subnets = ['a', 'b', 'c'].map((zone) => steadyId('subnet', key, zone))
  const place: Place = {
    world,
    account,
    region,
    instances: new Map(),
    snapshots: new Map(),
    subnetGroups: new Map([['default', { name: 'default', description: 'default', subnets }]]),
    parameterGroups: new Map(),
    groupTags: new Map(),
    events: [],
    knobs: { manualSnapshots: 100, nextSnapshot: 'works', nextRestore: 'works' },
  }
  world.places.set(key, place)
  return place
}

/** The time in this world. */
export const now = ({ world }: Place) => new Date(world.ground.clock.now())

/** Runs `step` after so many simulated seconds; what it throws is logged, because nobody waits for it. */
export function after({ world }: Place, seconds: number, step: () => void | Promise<void>): void {
  const timer = world.ground.clock.after(seconds * 1000, async () => {
    world.timers.delete(timer)
    try {
      await step()
    } catch (error) {
      world.ground.log(`rds: ${error instanceof Error ? error.stack : error}`)
    }
  })
  world.timers.add(timer)
}

/** Work of the data plane that goes on while simulated time passes; whoever awaits it gets its error. */
export function underway<T>(work: Promise<T>): Promise<T> {
  work.catch(() => {}) // Otherwise a failure before anybody awaits it would end the process.
  return work
}

/** The server's name in the data plane, which owns its port. */
export const serverName = ({ account, region }: Home, identifier: string) =>
  `${account}/${region}/${identifier}`

/** Whether the instance still exists and is not being deleted. */
export const isAlive = (place: Place, instance: Instance) =>
  place.instances.get(instance.identifier) === instance && instance.status !== 'deleting'

/** Writes an event that DescribeEvents shows. */
export function tell(
  place: Place,
  source: { type: 'db-instance' | 'db-snapshot'; identifier: string; arn: string },
  [message, ...categories]: readonly [string, ...string[]],
): void {
  place.events.push({
    SourceType: source.type,
    SourceIdentifier: source.identifier,
    SourceArn: source.arn,
    Message: message,
    EventCategories: categories,
    Date: now(place),
  })
}
