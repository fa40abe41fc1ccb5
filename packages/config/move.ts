import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager'
import { call, isPassing } from '#aws'
import { CallError, messageOf, type Run, tolerant, until } from '#core'
import type { ConfigClients } from './client.ts'
import { observeSecret } from './observe.ts'
import type { SecretPlan } from './plan.ts'
import { short } from './state.ts'
import type { Ended } from './table.ts'

/** A version on its way back. */
export interface SecretMove {
  readonly name: string
  readonly plan: Extract<SecretPlan, { is: 'move' }>
}

/** The refusals with which Secrets Manager answers a move whose labels are not where they were. */
const elsewhere = ['InvalidParameterException', 'InvalidRequestException']

/**
 * Moves AWSCURRENT back to the recorded version, from the version that was seen and no other (RemoveFromVersionId is
 * compared by AWS). AWSPENDING goes from the version that is left before, so that a kill in between loses neither.
 */
export async function moveBack(run: Run, clients: ConfigClients, move: SecretMove): Promise<Ended> {
  const { name, plan } = move
  try {
    if (plan.pending && plan.from !== undefined) {
      await relabel(clients, name, { label: 'AWSPENDING', from: plan.from, to: undefined })
    }
    await relabel(clients, name, { label: 'AWSCURRENT', from: plan.from, to: plan.to })
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    const now = await observeSecret(clients, name)
    if (now?.current !== plan.to) return failureOf(thrown, now?.current, plan.from)
  }
  const seen = await until(run, {
    what: `secret ${name}`,
    look: tolerant(async () => {
      const now = await observeSecret(clients, name)
      if (now?.current === plan.to) return { is: 'found', value: now }
      return { is: 'waiting', seen: `version ${short(now?.current)} is AWSCURRENT` }
    }, isPassing),
    within: 60_000,
  })
  if (seen.is === 'found')
    return { outcome: 'done', why: 'the recorded version is AWSCURRENT again' }
  return { outcome: 'inconclusive', why: `it was moved, but ${seen.seen}`, next: 'run again' }
}

function failureOf(thrown: CallError, now: string | undefined, from: string | undefined): Ended {
  if (elsewhere.includes(thrown.code) && now !== from) {
    return { outcome: 'superseded', why: `somebody gave it version ${short(now)} meanwhile` }
  }
  return { outcome: 'failed', why: messageOf(thrown), next: thrown.next }
}

async function relabel(
  clients: ConfigClients,
  secret: string,
  move: {
    readonly label: string
    readonly from: string | undefined
    readonly to: string | undefined
  },
): Promise<void> {
  const { label, from, to } = move
  await call(
    clients.secrets,
    new UpdateSecretVersionStageCommand({
      SecretId: secret,
      VersionStage: label,
      ...(from !== undefined && { RemoveFromVersionId: from }),
      ...(to !== undefined && { MoveToVersionId: to }),
    }),
    secret,
  )
}
