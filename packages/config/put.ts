import {
  type ParameterTier,
  type ParameterType,
  PutParameterCommand,
  type PutParameterCommandInput,
} from '@aws-sdk/client-ssm'
import { call, codeOf, isPassing } from '#aws'
import { CallError, type Look, type Run, tolerant, until } from '#core'
import type { ConfigClients } from './client.ts'
import { observeParameter, readHistory } from './observe.ts'
import { isSame, type ParameterPlan } from './plan.ts'
import type { ParameterVersion } from './state.ts'
import type { Ended } from './table.ts'

/** A value on its way back. */
export interface ParameterPut {
  readonly name: string
  readonly plan: Extract<ParameterPlan, { is: 'put' }>
}

/** What became of sending: the version that it made, or how it ended without one. */
type Sent =
  | { readonly is: 'written'; readonly version: number }
  | { readonly is: 'ended'; readonly ended: Ended }

/**
 * Writes the recorded value as a new version, with the attributes that it had. Parameter Store cannot compare and swap: the
 * version is looked at right before, and a number that was skipped tells of somebody who came between.
 */
export async function putBack(run: Run, clients: ConfigClients, put: ParameterPut): Promise<Ended> {
  const { name, plan } = put
  const live = await observeParameter(clients, name)
  if (live === undefined || live.version > plan.now.version) return overtaken(live?.version)
  const sent = await until<Sent>(run, {
    what: `parameter ${name}`,
    look: sender(clients, put),
    within: 120_000,
  })
  if (sent.is === 'timeout') {
    return { outcome: 'failed', why: `it could not be written: ${sent.seen}`, next: 'run again' }
  }
  if (sent.value.is === 'ended') return sent.value.ended
  return prove(run, clients, { put, version: sent.value.version })
}

const overtaken = (version: number | undefined): Ended => ({
  outcome: 'superseded',
  why:
    version === undefined
      ? 'somebody deleted it meanwhile; nothing was written'
      : `somebody wrote version ${version} meanwhile; nothing was written over it`,
})

/** Sends, and after a lost answer looks whether it arrived before it sends again. */
function sender(clients: ConfigClients, { name, plan }: ParameterPut): () => Promise<Look<Sent>> {
  const { now, then } = plan
  let lost = false
  return async () => {
    if (lost) {
      const arrived = await newest(clients, name)
      if (arrived !== undefined && arrived.version > now.version) {
        const ours = isSame(arrived, then)
        return found(
          ours
            ? { is: 'written', version: arrived.version }
            : { is: 'ended', ended: overtaken(arrived.version) },
        )
      }
    }
    try {
      const written = await call(clients.once, new PutParameterCommand(inputOf(plan)), name)
      return found({ is: 'written', version: written.Version ?? now.version + 1 })
    } catch (thrown) {
      if (!(thrown instanceof CallError)) throw thrown
      lost = true
      if (isPassing(thrown) || thrown.code === 'TooManyUpdates') {
        return { is: 'waiting', seen: thrown.code }
      }
      return found({ is: 'ended', ended: await explain(clients, thrown, name) })
    }
  }
}

const found = (value: Sent): Look<Sent> => ({ is: 'found', value })

async function newest(clients: ConfigClients, name: string): Promise<ParameterVersion | undefined> {
  return (await readHistory(clients, name)).at(-1)
}

/** Reads what is in force until it is what was written. */
async function prove(
  run: Run,
  clients: ConfigClients,
  { put, version }: { readonly put: ParameterPut; readonly version: number },
): Promise<Ended> {
  const { name, plan } = put
  const seen = await until<ParameterVersion>(run, {
    what: `parameter ${name}`,
    look: tolerant(async () => {
      const now = await newest(clients, name)
      return now !== undefined && now.version >= version
        ? { is: 'found', value: now }
        : { is: 'waiting', seen: `version ${now?.version ?? 'none'} is in force` }
    }, isPassing),
    within: 60_000,
  })
  if (seen.is === 'timeout') {
    return { outcome: 'inconclusive', why: `it was written, but ${seen.seen}`, next: 'run again' }
  }
  const now = seen.value
  if (now.version > version && !isSame(now, plan.then)) {
    return { outcome: 'superseded', why: `somebody wrote version ${now.version} after it` }
  }
  const between = version - plan.now.version - 1
  if (between > 0) return jumped(name, plan.now.version, version)
  const why = `version ${version} has the value of version ${plan.then.version} again`
  return { outcome: 'done', why, version }
}

const jumped = (name: string, seen: number, version: number): Ended => ({
  outcome: 'partial',
  why: `it has its value back as version ${version}, but somebody wrote version ${version - 1} after version ${seen} was read, and is written over`,
  version,
  next: `look who wrote ${name} at that moment and whether it was a fix: aws ssm get-parameter-history --name ${name} --query "Parameters[].[Version,LastModifiedUser,LastModifiedDate]"`,
})

/** Everything that a parameter is made of, as it was. */
function inputOf({ now, then }: ParameterPut['plan']): PutParameterCommandInput {
  // An advanced parameter cannot become a standard one again (Parameter Store guide, "Managing parameter tiers").
  const tier = now.tier === 'Advanced' ? now.tier : then.tier
  // Policies stay until others, or an empty one, are sent (PutParameter).
  const none = now.policies.length > 0 ? ['{}'] : []
  const policies = then.policies.length > 0 ? then.policies : none
  const allowed = then.allowedPattern ?? (now.allowedPattern && '')
  const description = then.description ?? (now.description && '')
  return {
    Name: then.name,
    Value: then.value,
    Type: then.type as ParameterType,
    Overwrite: true,
    ...(then.type === 'SecureString' && then.keyId && { KeyId: then.keyId }),
    ...(tier && { Tier: tier as ParameterTier }),
    ...(then.dataType && { DataType: then.dataType }),
    ...(allowed !== undefined && { AllowedPattern: allowed }),
    ...(description !== undefined && { Description: description }),
    ...(policies.length > 0 && { Policies: `[${policies.join(',')}]` }),
  }
}

/** What a refusal of PutParameter means. AWS's own message is left out: it may quote the value. */
async function explain(clients: ConfigClients, thrown: CallError, name: string): Promise<Ended> {
  const code = codeOf(thrown)
  const refused = `ssm:PutParameter: ${code}`
  switch (code) {
    case 'ParameterMaxVersionLimitExceeded':
      return fullOf(await readHistory(clients, name), name, refused)
    case 'HierarchyTypeMismatchException':
      return failed(`${refused}: its type was changed, and AWS changes none back`, [
        'delete it and put it again by hand with the right type, then run again',
      ])
    case 'ParameterPatternMismatchException':
      return failed(`${refused}: the recorded value does not fit the recorded pattern`, [
        'put the right value by hand (aws ssm put-parameter --overwrite), then run again',
      ])
    default:
      return failed(refused, [thrown.next])
  }
}

const failed = (why: string, [next = 'run again']: readonly string[]): Ended => ({
  outcome: 'failed',
  why,
  next,
})

/** AWS drops the oldest of 100 versions for a new one, but not when somebody put a label on it. */
function fullOf(history: readonly ParameterVersion[], name: string, refused: string): Ended {
  const [oldest] = history
  return failed(
    `${refused}: it has ${history.length} versions, and the oldest (${oldest?.version}) carries a label, so AWS drops none`,
    [
      `aws ssm unlabel-parameter-version --name ${name} --parameter-version ${oldest?.version} --labels ${oldest?.labels.join(' ')}, then run again`,
    ],
  )
}
