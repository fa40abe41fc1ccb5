import { createHash } from 'node:crypto'
import {
  PutSecretValueCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager'
import { call, isPassing } from '#aws'
import { type Run, tolerant, until } from '#core'
import { maskConnection, replacePlace } from '#sql'
import type { RdsClients } from './client.ts'
import { type ConnectionSecret, readConnection } from './connection.ts'
import type { Step } from './restore.ts'
import { leadsTo, type Scene } from './scene.ts'
import type { Instance } from './state.ts'

/** The versions of the connection secret: what it was, what it is. Ids only. */
export interface Cutover {
  readonly secret: string
  /** Undefined when an earlier attempt did the cutover and its version is not known any more. */
  readonly from: string | undefined
  readonly to: string
}

/**
 * Leads the connection to the restored instance: a new version of its secret with host and port replaced becomes AWSCURRENT, the
 * one before keeps AWSPREVIOUS. The version's id is made from what is done, so that a repeat finds it. The value is never shown.
 */
export async function cutOver(
  run: Run,
  clients: RdsClients,
  given: { readonly scene: Scene; readonly restored: Instance },
): Promise<Step<Cutover>> {
  const { scene, restored } = given
  const connection = scene.secret.id
  const current = await readConnection(run, clients.secrets, connection)
  if (leadsTo(current, restored)) return done(run, current)
  if (!leadsTo(current, scene.source)) {
    return {
      is: 'superseded',
      why: `${current.secret} was led elsewhere meanwhile (version ${current.version}): it is left alone`,
    }
  }
  const to = versionId(scene.owner, restored.resourceId, current.version)
  await put(run, clients, { current, restored, to })
  const read = await until<ConnectionSecret>(run, {
    what: `secret ${current.secret}`,
    look: tolerant(async () => {
      const now = await readConnection(run, clients.secrets, connection)
      if (leadsTo(now, restored)) return { is: 'found', value: now }
      return { is: 'waiting', seen: `version ${now.version} does not lead to ${restored.id}` }
    }, isPassing),
    within: 60_000,
  })
  if (read.is === 'found') return done(run, read.value)
  return {
    is: 'inconclusive',
    why: `the new version of ${current.secret} is not AWSCURRENT: ${read.seen}`,
  }
}

async function put(
  run: Run,
  clients: RdsClients,
  change: { readonly current: ConnectionSecret; readonly restored: Instance; readonly to: string },
): Promise<void> {
  const { current, restored, to } = change
  if (!restored.place) throw new Error(`${restored.id} has no endpoint`)
  const text = replacePlace(current.text, restored.place)
  maskConnection(run.report, text)
  const detail = { from: current.version, to, instance: restored.id }
  await run.journal.intend([{ component: 'rds', operation: 'cutover', on: current.secret, detail }])
  const written = await call(
    clients.secrets,
    new PutSecretValueCommand({
      SecretId: current.id,
      ClientRequestToken: to,
      SecretString: text,
      VersionStages: ['AWSCURRENT'],
    }),
    current.secret,
  )
  if (written.VersionStages?.includes('AWSCURRENT')) return
  // A version that was there already is not labelled again by putting it (Secrets Manager, PutSecretValue).
  await call(
    clients.secrets,
    new UpdateSecretVersionStageCommand({
      SecretId: current.id,
      VersionStage: 'AWSCURRENT',
      MoveToVersionId: to,
      RemoveFromVersionId: current.version,
    }),
    current.secret,
  )
}

/** A version id in the form of a UUID, the same for the same change. */
export function versionId(owner: string, resourceId: string, from: string): string {
  const hash = createHash('sha256')
    .update(JSON.stringify([owner, resourceId, from]))
    .digest('hex')
  const parts = [8, 12, 16, 20, 32].map((end, at) => hash.slice([0, 8, 12, 16, 20][at], end))
  return parts.join('-')
}

function done(run: Run, { secret, version }: ConnectionSecret): Step<Cutover> {
  const entry = run.journal
    .entries()
    .findLast(
      ({ component, operation, on }) =>
        component === 'rds' && operation === 'cutover' && on === secret,
    )
  const detail = entry?.detail as { readonly from?: string } | undefined
  return { is: 'done', value: { secret, from: detail?.from, to: version } }
}
