import type * as CodeDeploy from '@aws-sdk/client-codedeploy'
import type { AlarmReader } from '../alarms.ts'
import type { Clock } from '../clock.ts'
import type { EcsService } from '../ecs/index.ts'
import type { Service } from '../ecs/state.ts'
import type { TaskSet, TaskSetCounts } from '../ecs/taskSets.ts'
import { AwsError, type Caller } from '../service.ts'
import type { AppSpec } from './appspec.ts'

/** Everything that the simulated CodeDeploy is made of and knows. */
export interface World {
  readonly clock: Clock
  readonly ecs: Pick<EcsService, 'taskSets' | 'balancers'>
  readonly alarms: AlarmReader
  readonly places: Map<string, Region>
  /** What each hook function answers; `Succeeded` where nothing is said. */
  readonly hooks: Map<string, 'Succeeded' | 'Failed'>
  counter: number
  closed: boolean
}

/** An account and region. */
export type Place = Pick<Caller, 'account' | 'region'>

/** One account's CodeDeploy in one region. */
export interface Region {
  readonly applications: Map<string, Application>
  /** Newest last. */
  readonly deployments: Map<string, Deployment>
}

/** An application of compute platform ECS. */
export interface Application {
  readonly id: string
  readonly name: string
  readonly createTime: Date
  readonly groups: Map<string, Group>
}

/** A deployment group: how one ECS service is deployed. */
export interface Group {
  readonly id: string
  readonly place: Place
  readonly application: string
  readonly name: string
  readonly input: CodeDeploy.CreateDeploymentGroupCommandInput
  readonly config: string
}

/** A task set as a deployment shows it, also after it is gone. */
export interface Shown {
  readonly set: TaskSet
  readonly label: 'Blue' | 'Green'
  readonly targetGroup: string
  weight: number
  last: TaskSetCounts & { readonly status: string }
}

/** A deployment. */
export interface Deployment {
  readonly id: string
  readonly group: Group
  readonly service: Service
  readonly appSpec: AppSpec
  readonly revision: CodeDeploy.RevisionLocation
  readonly previousRevision?: CodeDeploy.RevisionLocation
  readonly config: string
  readonly description?: string
  readonly creator: 'user' | 'codeDeployRollback'
  readonly createTime: Date
  readonly autoRollback: CodeDeploy.AutoRollbackConfiguration
  readonly alarms: CodeDeploy.AlarmConfiguration | undefined
  readonly override?: CodeDeploy.AlarmConfiguration
  readonly events: CodeDeploy.LifecycleEvent[]
  status: CodeDeploy.DeploymentStatus
  startTime?: Date
  completeTime?: Date
  error?: CodeDeploy.ErrorInformation
  rollback?: CodeDeploy.RollbackInfo
  original?: Shown
  replacement?: Shown
  /** Called by ContinueDeployment. */
  proceed?: () => void
  updated: Date
}

const ENDED = ['Succeeded', 'Failed', 'Stopped']

/** True when a deployment can no longer change. */
export const isEnded = ({ status }: Deployment) => ENDED.includes(status)

/** The simulated now, as a Date. */
export const now = (world: World) => new Date(world.clock.now())

/** The caller's account and region, made on first use. */
export function regionOf(world: World, { account, region }: Place): Region {
  const key = `${account}/${region}`
  const known = world.places.get(key)
  if (known) return known
  const made: Region = { applications: new Map(), deployments: new Map() }
  world.places.set(key, made)
  return made
}

/** An application by name; ApplicationDoesNotExistException. */
export function applicationOf(region: Region, name: string | undefined): Application {
  if (!name) throw new AwsError('ApplicationNameRequiredException', 'Application name is required.')
  const found = region.applications.get(name)
  if (!found)
    throw new AwsError('ApplicationDoesNotExistException', `No application found for name: ${name}`)
  return found
}

/** A deployment group by name; DeploymentGroupDoesNotExistException. */
export function groupOf(application: Application, name: string | undefined): Group {
  const found = application.groups.get(name ?? '')
  if (!found)
    throw new AwsError(
      'DeploymentGroupDoesNotExistException',
      `No Deployment Group found for name: ${name}`,
    )
  return found
}

/** A deployment by id; DeploymentDoesNotExistException. */
export function deploymentOf(region: Region, id: string | undefined): Deployment {
  if (!id) throw new AwsError('DeploymentIdRequiredException', 'Deployment id is required.')
  const found = region.deployments.get(id)
  if (!found)
    throw new AwsError('DeploymentDoesNotExistException', `The deployment ${id} could not be found`)
  return found
}

/** The deployments of a group, newest first. */
export function deploymentsOf(region: Region, group: Group): readonly Deployment[] {
  return [...region.deployments.values()].filter((one) => one.group === group).reverse()
}
