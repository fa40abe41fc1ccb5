import type { RunEvent } from '../act/index.ts'
import type { Call } from '../gateway/index.ts'
import { siteBucket } from '../sample/index.ts'

/** One line of the timeline. `at` in milliseconds since the epoch. */
export interface Fact {
  readonly at: number
  readonly who: 'story' | 'workflow' | 'aws' | 'customers' | 'visitors'
  readonly tone: 'plain' | 'good' | 'bad'
  readonly text: string
  /** The step of a run that it is about. */
  readonly step?: StepName
}

/** A step of a run. */
export interface StepName {
  readonly runId: string
  readonly job: string
  readonly step: string
}

/** `1 task`, `2 tasks`. */
export const tasksOf = (count: number | string) =>
  `${count} ${String(count) === '1' ? 'task' : 'tasks'}`

const list = (names = '') => names.replaceAll(',', ', ')

/** What a call changed in the front end; of its many assets nothing is told. */
function wordsOfObject(call: Call, does: string): string | undefined {
  const { Bucket, Key = '' } = call.subject
  const told = Bucket === siteBucket(call) && !Key.startsWith('assets/')
  return told ? `S3: ${Key} of the front end ${does}` : undefined
}

/** A label that is moved: the one in force puts a version back, any other keeps one from being forgotten. */
function wordsOfLabel({ subject }: Call): string {
  const { SecretId = '', VersionStage = '' } = subject
  return VersionStage === 'AWSCURRENT'
    ? `Secrets Manager: another version of ${SecretId} is in force`
    : `Secrets Manager: a version of ${SecretId} gets a label, so that it is kept`
}

/** What a call changed in AWS, in words; nothing for calls that are told better by what follows from them. */
export function wordsOf(call: Call): string | undefined {
  const { service, operation, subject } = call
  const [cluster, taskDefinition] = [subject.cluster, subject.taskDefinition?.split('/').at(-1)]
  switch (`${service}:${operation}`) {
    case 'ecs:UpdateService': {
      const to = taskDefinition ? [`to ${taskDefinition}`] : []
      const count =
        subject.desiredCount === undefined ? [] : [`to ${tasksOf(subject.desiredCount)}`]
      return `ECS: ${subject.service} of ${cluster} ${[...to, ...count].join(', ') || 'redeployed'}`
    }
    case 'ecs:RegisterTaskDefinition':
      return `ECS: new revision of ${subject.family}`
    case 'rds:CreateDBSnapshot':
      return `RDS: snapshot ${subject.DBSnapshotIdentifier} of ${subject.DBInstanceIdentifier} begins`
    case 'rds:RestoreDBInstanceFromDBSnapshot':
      return `RDS: ${subject.DBInstanceIdentifier} is made from ${subject.DBSnapshotIdentifier}`
    case 'rds:ModifyDBInstance':
      return `RDS: settings of ${subject.DBInstanceIdentifier} are changed`
    case 'rds:DeleteDBInstance':
      return `RDS: ${subject.DBInstanceIdentifier} is deleted`
    case 'secretsmanager:UpdateSecretVersionStage':
      return wordsOfLabel(call)
    case 'secretsmanager:PutSecretValue':
      return `Secrets Manager: ${list(subject.SecretId)} has a new value`
    case 'ssm:PutParameter':
      return `Parameter Store: ${subject.Name} has a new value`
    case 's3:PutObject':
      return wordsOfObject(call, 'is written')
    case 's3:CopyObject':
      return wordsOfObject(call, 'goes back')
    case 's3:DeleteObject':
      return wordsOfObject(call, 'is hidden')
    case 'cloudfront:CreateInvalidation':
      return `CloudFront: the edges of ${subject.DistributionId} are to forget what changed`
    default:
      return undefined
  }
}

/** The fact of a call, if it changed something. */
export function factOfCall(call: Call): Fact | undefined {
  const text = call.mutating && call.status < 400 ? wordsOf(call) : undefined
  return text === undefined
    ? undefined
    : { at: Date.parse(call.at), who: 'aws', tone: 'plain', text }
}

const HEADLINE =
  /^([a-z][a-z0-9-]+): (done|unchanged|planned|refused|partial|superseded|unhealthy|inconclusive|failed): /

const shortName = (name: string) => /\/actions\/([\w-]+)@/.exec(name)?.[1] ?? name

/** Turns a run's events into facts: each action by its own headline, other steps by how they ended. */
export function workflowNarrator(runId = '') {
  const told = new Set<string>()
  return (event: RunEvent): Fact | undefined => {
    const { at, job } = event
    const fact = (text: string, good: boolean): Fact => ({
      ...{ at, who: 'workflow', tone: good ? 'plain' : 'bad', text },
      ...('step' in event && { step: { runId, job, step: event.step } }),
    })
    if (event.is === 'line') {
      const outcome = HEADLINE.exec(event.text)?.[2]
      if (!outcome) return undefined
      told.add(`${job}/${event.step}`)
      return fact(event.text, ['done', 'unchanged', 'planned'].includes(outcome))
    }
    if (event.is === 'job-ends')
      return fact(`job ${job}: ${event.result}`, event.result === 'success')
    if (event.is !== 'step-ends' || told.has(`${job}/${event.step}`)) return undefined
    const name = shortName(event.name)
    if (name.startsWith('actions/checkout')) return undefined
    return fact(`${name}: ${event.outcome}`, event.outcome === 'success')
  }
}

/** A moment as mm:ss since the beginning. */
export function clockTime(at: number, beginning: number): string {
  const seconds = Math.max(0, Math.floor((at - beginning) / 1000))
  const two = (value: number) => String(value).padStart(2, '0')
  return `${two(Math.floor(seconds / 60))}:${two(seconds % 60)}`
}
