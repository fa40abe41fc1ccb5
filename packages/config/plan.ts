import type { Written } from '#core'
import type { ConfigState } from '#store'
import { isCutOver, lastSent } from './recorded.ts'
import { type LiveParameter, type LiveSecret, type ParameterVersion, versionWith } from './state.ts'

export type RecordedSecret = ConfigState['secrets'][number]
export type RecordedParameter = ConfigState['parameters'][number]

/** Nothing to do, or nothing that may be done. */
export type Left =
  | { readonly is: 'unchanged' | 'superseded'; readonly why: string }
  | {
      readonly is: 'refused'
      readonly why: string
      readonly next: string
      /** The thing itself is not there any more. */
      readonly gone?: true
      /** What is in force now is right, and the recorded version is not any more: the chain goes on without it. */
      readonly right?: true
    }

/** What has to be done to one secret. */
export type SecretPlan =
  | Left
  | {
      readonly is: 'move'
      /** Undefined when no version is AWSCURRENT. */
      readonly from: string | undefined
      readonly to: string
      /** The version that is left still says AWSPENDING, which would break the next rotation. */
      readonly pending: boolean
    }

/** What has to be done to one parameter. */
export type ParameterPlan =
  | Left
  | { readonly is: 'put'; readonly now: ParameterVersion; readonly then: ParameterVersion }

const unchanged = (why: string): Left => ({ is: 'unchanged', why })
const superseded = (why: string): Left => ({ is: 'superseded', why })
const refused = (why: string, next: string): Left => ({ is: 'refused', why, next })

/** What planning one secret needs to know. */
export interface SecretFacts {
  readonly recorded: RecordedSecret
  readonly live: LiveSecret | undefined
  /** Whether the recorded version is still there. */
  readonly there: boolean
  /** What this record did so far. */
  readonly entries: readonly Written[]
  /** Versions to which a rollback cut a database connection over. */
  readonly cutovers: ReadonlySet<string>
}

/** Plans one secret: pure. Only ever to the recorded version id, so that a repeat finds nothing to do. */
export function planSecret(facts: SecretFacts): SecretPlan {
  const { recorded, live, entries } = facts
  const { name, version: to } = recorded
  if (isCutOver(entries, name) || (live?.current && facts.cutovers.has(live.current))) {
    return unchanged('cut over: it leads to the restored database')
  }
  if (!live) {
    return {
      is: 'refused',
      why: 'it is gone, with all its versions',
      next: `create ${name} again with its value, then run again`,
      gone: true,
    }
  }
  if (live.current === to) return unchanged('the recorded version is AWSCURRENT')
  const obstacle = obstacleTo(recorded, live)
  if (obstacle) return obstacle
  const sent = lastSent(entries, 'set-current', name)
  if (sent?.to === to && sent.from !== (live.current ?? '')) {
    return superseded('somebody gave it another version after this rollback had begun')
  }
  if (!facts.there) {
    return refused(
      'the recorded version is gone: AWS purges versions without a label',
      `store the right value as a new version of ${name}, and take restore points with config-rollback so that versions are kept`,
    )
  }
  const pending = live.current !== undefined && versionWith(live, 'AWSPENDING') === live.current
  return { is: 'move', from: live.current, to, pending }
}

/** Why a secret that has another version now must not go back. */
function obstacleTo(recorded: RecordedSecret, live: LiveSecret): Left | undefined {
  const { name } = live
  if (live.deleted) {
    return refused(
      'it is scheduled for deletion',
      `aws secretsmanager restore-secret --secret-id ${name}, then run again`,
    )
  }
  if (live.owner) {
    return {
      is: 'refused',
      why: `it is managed by ${live.owner}, which allows nobody else to change its versions`,
      next: `rotate ${name} in ${live.owner}, or leave it out of secrets`,
      right: true,
    }
  }
  const before = recorded.rotatedAt === undefined ? undefined : Date.parse(recorded.rotatedAt)
  if (live.rotatedAt !== undefined && live.rotatedAt > (before ?? Number.NEGATIVE_INFINITY)) {
    return {
      is: 'refused',
      why: 'it was rotated since: what it gives access to has the new password',
      next: `if ${name} does not work now, rotate it once more: aws secretsmanager rotate-secret --secret-id ${name}`,
      right: true,
    }
  }
  const pending = versionWith(live, 'AWSPENDING')
  if (live.rotates && pending !== undefined && pending !== live.current) {
    return refused(
      'a rotation of it is under way, or did not finish',
      `let the rotation of ${name} end, then run again`,
    )
  }
  return undefined
}

/** A parameter that was deleted and made again under its name has other versions with the same numbers. */
const anew = refused(
  'it was deleted and made anew since: its earlier versions are gone',
  'put the right value by hand (aws ssm put-parameter --overwrite), then run again',
)

/** Later by more than rounding. */
const isLater = (at: number, recorded: RecordedParameter) =>
  at > Date.parse(recorded.modifiedAt) + 1000

/** Plans one parameter as far as that takes no value: undefined when its history has to be read. Pure. */
export function judgeParameter(
  recorded: RecordedParameter,
  live: LiveParameter | undefined,
): Left | undefined {
  if (!live) {
    return {
      is: 'refused',
      why: 'it was deleted since, and its history with it',
      next: `put ${recorded.name} again by hand, as ${recorded.type} (aws ssm put-parameter), then run again`,
      gone: true,
    }
  }
  if (live.version < recorded.version) return anew
  if (live.version > recorded.version) return undefined
  return isLater(live.modifiedAt, recorded) ? anew : unchanged('the recorded version is in force')
}

/** Plans one parameter over its history: pure; values are compared here and nowhere else. */
export function planParameter(
  recorded: RecordedParameter,
  history: readonly ParameterVersion[],
  entries: readonly Written[],
): ParameterPlan {
  const now = history.at(-1)
  const judged = judgeParameter(recorded, now)
  if (judged || !now) return judged ?? anew
  const then = history.find(({ version }) => version === recorded.version)
  if (!then) {
    return refused(
      `version ${recorded.version} is gone: AWS keeps the last 100`,
      `put the right value of ${recorded.name} by hand (aws ssm put-parameter --overwrite), then run again`,
    )
  }
  if (isLater(then.modifiedAt, recorded)) return anew
  if (isSame(now, then)) return unchanged('the value is the recorded one')
  const sent = lastSent(entries, 'put-parameter', recorded.name)
  if (sent?.to === String(then.version) && sent.from !== String(now.version)) {
    return superseded(
      `version ${now.version} was written by somebody else after this rollback had begun`,
    )
  }
  return { is: 'put', now, then }
}

/** Tells whether two versions are the same to whoever reads them. The tier is not: it only ever goes up. */
export function isSame(a: ParameterVersion, b: ParameterVersion): boolean {
  const parts = (one: ParameterVersion) => [
    one.value,
    one.type,
    one.keyId,
    one.dataType,
    one.allowedPattern,
    one.policies,
  ]
  return JSON.stringify(parts(a)) === JSON.stringify(parts(b))
}
