import {
  AddRoleToDBInstanceCommand,
  ModifyDBInstanceCommand,
  RestoreDBInstanceFromDBSnapshotCommand,
} from '@aws-sdk/client-rds'
import { call, codeOf, isPassing } from '#aws'
import { type Run, tolerant, until } from '#core'
import { type Difference, differences, missingRoles, modifyInput, restoreInput } from './carry.ts'
import type { RdsClients } from './client.ts'
import { rollbackName } from './names.ts'
import { observeInstance } from './observe.ts'
import type { Scene } from './scene.ts'
import { type Instance, isBroken, isUsable, type Tags, tagNames, takesChanges } from './state.ts'

/** A part of the restore that ended; `why` and `next` are for a person. */
export type Step<Value> =
  | { readonly is: 'done'; readonly value: Value }
  | { readonly is: 'failed' | 'inconclusive' | 'superseded'; readonly why: string }

/** The restored instance and what could not be carried over to it. */
export interface Restored {
  readonly instance: Instance
  readonly differences: readonly Difference[]
}

/**
 * Restores the snapshot into a new instance with every setting of the source: what the restore call takes at once, the rest
 * afterwards; then compares everything. Finds what an earlier attempt made.
 */
export async function restoreInstance(
  run: Run,
  clients: RdsClients,
  scene: Scene,
): Promise<Step<Restored>> {
  const id = scene.restored?.id ?? (await begin(run, clients, scene))
  const made = await untilUsable(run, clients, id)
  if (made.is !== 'done') return made
  const modified = await modify(run, clients, { scene, id })
  if (modified.is !== 'done') return modified
  const given = await addRoles(run, clients, { scene, id })
  if (given.is !== 'done') return given
  return settle(run, clients, { scene, id })
}

/** Sends the restore call under a name that is free; the name is written down before. Returns the name. */
async function begin(run: Run, clients: RdsClients, scene: Scene): Promise<string> {
  const taken = new Set(scene.taken)
  for (let id = scene.target; ; id = rollbackName(scene.source.id, taken, run.clock.now())) {
    const { source, snapshot, owner } = scene
    const detail = { source: source.id, snapshot: snapshot.id, safety: scene.safety }
    await run.journal.intend([{ component: 'rds', operation: 'restore-instance', on: id, detail }])
    const input = restoreInput(source, { id, snapshot: snapshot.id, tags: tagsOf(run, scene) })
    try {
      await call(clients.rds, new RestoreDBInstanceFromDBSnapshotCommand(input), id)
      return id
    } catch (thrown) {
      if (!/^DBInstanceAlreadyExists/.test(codeOf(thrown))) throw thrown
      const there = await appearing(run, clients, id)
      if (there?.tags[tagNames.record] === owner) return id
      if (there === undefined || taken.has(id)) throw thrown
      taken.add(id)
    }
  }
}

/** An instance that exists may be missing from the first answers: RDS is eventually consistent. */
async function appearing(run: Run, { rds }: RdsClients, id: string): Promise<Instance | undefined> {
  const seen = await until<Instance>(run, {
    what: `database ${id}`,
    within: 120_000,
    look: async () => {
      const instance = await observeInstance(rds, id)
      return instance ? { is: 'found', value: instance } : { is: 'waiting', seen: 'not there yet' }
    },
  })
  return seen.is === 'found' ? seen.value : undefined
}

function tagsOf(run: Run, { owner, source, snapshot }: Scene): Tags {
  return {
    [tagNames.record]: owner,
    [tagNames.run]: run.identity.runId,
    [tagNames.sha]: run.identity.sha,
    [tagNames.instance]: source.id,
    [tagNames.resource]: source.resourceId,
    [tagNames.snapshot]: snapshot.id,
  }
}

/** Waits until the instance answers to calls: by its name, because a new one may not be seen at first. */
async function untilUsable(run: Run, { rds }: RdsClients, id: string): Promise<Step<Instance>> {
  const ended = await until<Instance>(run, {
    what: `database ${id}`,
    look: tolerant(async () => {
      const instance = await observeInstance(rds, id)
      if (!instance) return { is: 'waiting', seen: 'not there yet' }
      const ready = isUsable(instance.status) && instance.place !== undefined
      if (ready || isBroken(instance.status)) return { is: 'found', value: instance }
      return { is: 'waiting', seen: instance.status }
    }, isPassing),
  })
  if (ended.is === 'timeout') {
    return { is: 'inconclusive', why: `time ran out; the database ${id} was last ${ended.seen}` }
  }
  const { status } = ended.value
  if (isUsable(status)) return { is: 'done', value: ended.value }
  return { is: 'failed', why: `the restored database ${id} is ${status}` }
}

interface Place {
  readonly scene: Scene
  readonly id: string
}

/** Sends what only ModifyDBInstance takes, and what the restore call was given but did not do. */
async function modify(
  run: Run,
  clients: RdsClients,
  { scene, id }: Place,
): Promise<Step<undefined>> {
  const restored = await observeInstance(clients.rds, id)
  const input = restored && modifyInput(scene.source, restored)
  const password = restored && managedPassword(scene, restored)
  if (!input && !password) return { is: 'done', value: undefined }
  const change = { DBInstanceIdentifier: id, ApplyImmediately: true, ...input, ...password }
  const { DBInstanceIdentifier: _, ApplyImmediately: __, ...fields } = change
  const settings = Object.keys(fields).sort()
  await run.journal.intend([
    { component: 'rds', operation: 'modify-instance', on: id, detail: { settings } },
  ])
  const send = () => call(clients.rds, new ModifyDBInstanceCommand(change), id)
  return whenAvailable(run, clients, { id, send })
}

/** RDS can manage the restored master password too, with a new one: only when the connection does not log in with it. */
function managedPassword({ source, secret }: Scene, restored: Instance) {
  if (!source.managedPassword || restored.managedPassword) return undefined
  if (secret.connection.user === source.masterUser) return undefined
  const { kmsKey } = source.managedPassword
  return {
    ManageMasterUserPassword: true,
    ...(kmsKey === undefined ? {} : { MasterUserSecretKmsKeyId: kmsKey }),
  }
}

async function addRoles(
  run: Run,
  clients: RdsClients,
  { scene, id }: Place,
): Promise<Step<undefined>> {
  const restored = await observeInstance(clients.rds, id)
  const missing = restored ? missingRoles(scene.source, restored) : []
  for (const { arn, feature } of missing) {
    const detail = { role: arn.split('/').at(-1) ?? arn, feature }
    await run.journal.intend([{ component: 'rds', operation: 'add-role', on: id, detail }])
    const given = { DBInstanceIdentifier: id, RoleArn: arn, FeatureName: feature }
    const send = () =>
      call(clients.rds, new AddRoleToDBInstanceCommand(given), `${detail.role} of ${id}`).catch(
        (thrown) => {
          if (!/^DBInstanceRoleAlreadyExists/.test(codeOf(thrown))) throw thrown
        },
      )
    const added = await whenAvailable(run, clients, { id, send })
    if (added.is !== 'done') return added
  }
  return { is: 'done', value: undefined }
}

/** A first backup may take hours, in which RDS takes no change: a database with a few settings less serves sooner. Milliseconds. */
const busyAtMost = 1_800_000

/**
 * Sends a change when RDS does nothing else with the instance; one that it does not take in time is left out and shows up as a
 * difference. Only for calls that may be repeated.
 */
async function whenAvailable(
  run: Run,
  { rds }: RdsClients,
  change: { readonly id: string; readonly send: () => Promise<unknown> },
): Promise<Step<undefined>> {
  const { id, send } = change
  const ended = await until<undefined>(run, {
    what: `database ${id}`,
    within: busyAtMost,
    look: tolerant(async () => {
      const status = (await observeInstance(rds, id))?.status ?? 'not there'
      if (!takesChanges(status)) return { is: 'waiting', seen: `${status}: its settings wait` }
      try {
        await send()
        return { is: 'found', value: undefined }
      } catch (thrown) {
        if (!/^InvalidDBInstanceState/.test(codeOf(thrown))) throw thrown
        return { is: 'waiting', seen: 'busy: its settings wait' }
      }
    }, isPassing),
  })
  if (ended.is === 'found' || run.deadline.left() > 0) return { is: 'done', value: undefined }
  return { is: 'inconclusive', why: `time ran out; the database ${id} was last ${ended.seen}` }
}

/** So long a difference has to stay the same on a usable instance until it is believed. Milliseconds. */
const patience = 120_000

/** Waits until everything is in force and equal, or until what differs has stayed the same for a while. */
async function settle(
  run: Run,
  { rds }: RdsClients,
  { scene, id }: Place,
): Promise<Step<Restored>> {
  let last = { seen: '', since: run.clock.now() }
  const ended = await until<Restored>(run, {
    what: `settings of ${id}`,
    look: tolerant(async () => {
      const instance = await observeInstance(rds, id)
      if (!instance) return { is: 'waiting', seen: 'the instance is not there' }
      const rest = [...differences(scene.source, instance), ...unfinished(instance)]
      const open = rest.map(({ name }) => name)
      const seen = `${instance.status}${open.length > 0 ? `, not equal yet: ${open.join(', ')}` : ''}`
      const value = { instance, differences: rest }
      if (seen !== last.seen) last = { seen, since: run.clock.now() }
      if (isBroken(instance.status)) return { is: 'found', value }
      if (!isUsable(instance.status)) return { is: 'waiting', seen }
      const believed = open.length === 0 || run.clock.now() - last.since >= patience
      return believed ? { is: 'found', value } : { is: 'waiting', seen }
    }, isPassing),
  })
  if (ended.is === 'timeout') {
    return { is: 'inconclusive', why: `time ran out; the database ${id} was last ${ended.seen}` }
  }
  const { status } = ended.value.instance
  if (isBroken(status)) return { is: 'failed', why: `the restored database ${id} is ${status}` }
  return { is: 'done', value: ended.value }
}

/** Changes that are not in force yet, and roles that are not active yet. */
function unfinished({ pending, outOfSync, roles }: Instance): readonly Difference[] {
  const waiting = roles.filter(({ status }) => status !== '' && status !== 'ACTIVE')
  const names = [...pending, ...outOfSync, ...waiting.map(({ feature }) => `role for ${feature}`)]
  return names.map((name) => ({ name, source: 'in force', restored: 'not in force yet' }))
}
