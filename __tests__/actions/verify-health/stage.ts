import { readFileSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Result, Run } from '#core'
import {
  type Answer,
  type FetchOnce,
  type HealthJob,
  type HealthSettings,
  health,
  type Ports,
  settings,
} from '#health'
import { type Given, readInputs } from '#inputs'
import {
  openStore,
  type Point,
  type Record,
  readPoint,
  readRecord,
  type Store,
  serialize,
} from '#store'
import { inputs } from '../../../actions/verify-health/inputs.ts'
import { actionDefinition } from '../../../scripts/actions.ts'
import { type MemoryObjects, memoryObjects } from '../../support/objects.ts'

export const sha = 'a'.repeat(40)
export const older = 'b'.repeat(40)

/** The inputs as action.yml gives them, with those that a workflow names. */
export function given(more: { readonly [name: string]: string } = {}): Given<typeof inputs> {
  const defaults = actionDefinition('verify-health').inputs ?? {}
  const { given, problems } = readInputs(
    inputs,
    (name) => more[name] ?? String(defaults[name]?.default ?? ''),
  )
  if (problems.length > 0) throw new Error(problems.join('\n'))
  return given
}

export const settingsOf = (more: { readonly [name: string]: string }): HealthSettings =>
  settings(given(more), undefined)

/** One check of a page that names its commit. */
export const pageCheck =
  '- { http: "http://shop.example/health", name: page, version: { json: .commit } }'

export const answers = (commit: string): Answer => ({
  is: 'answer',
  status: 200,
  headers: {},
  body: JSON.stringify({ commit }),
  truncated: false,
})
export const status = (code: number): Answer => ({
  is: 'answer',
  status: code,
  headers: {},
  body: '',
  truncated: false,
})
export const refuses: Answer = {
  is: 'failed',
  code: 'ECONNREFUSED',
  message: 'connect ECONNREFUSED',
}
export const limited: Answer = status(429)

const unreachable = async () => {
  throw new Error('nothing is there')
}

/** Ports behind which nothing is. */
export const noPorts: Ports = {
  fetchOnce: async () => refuses,
  services: unreachable,
  tasks: unreachable,
  alarms: unreachable,
  events: unreachable,
  open: unreachable,
}

/** Ports whose page answers as told for each time since the first request, in milliseconds. */
export function page(run: Run, at: (elapsed: number) => Answer): Ports {
  const begun = run.clock.now()
  const fetchOnce: FetchOnce = async () => at(run.clock.now() - begun)
  const services: Ports['services'] = async () => ({ services: [], absent: [] })
  return { ...noPorts, fetchOnce, services, tasks: async () => [] }
}

/** A store with the restore point of run 4711, whose destination ran `older`, and with an open record. */
export async function stocked(
  run: Run,
  more: Partial<Point> = {},
): Promise<{ store: Store; objects: MemoryObjects }> {
  const objects = memoryObjects(run.clock)
  const where = { environment: 'production', account: '123456789012', region: 'us-east-1' }
  await objects.create('production/4711/before.json', serialize({ ...before(), ...more }))
  await objects.create('production/4711/rollback-1.json', serialize(record()))
  return { store: await openStore(objects, where), objects }
}

const envelope = {
  version: 1,
  environment: 'production',
  account: '123456789012',
  region: 'us-east-1',
} as const
const moment = '2026-11-22T02:50:00Z'

function before(): Point {
  return {
    kind: 'restore-point',
    ...envelope,
    id: 'production/4711/before',
    point: 'before',
    takenAt: moment,
    repository: 'acme/shop',
    sha,
    run: '4711',
    verified: { is: true, why: 'checks', held: false },
    fingerprint: 'f',
    runs: older,
    components: {},
    deployment: { state: 'deploying', history: [], journal: [] },
  }
}

function record(): Record {
  return {
    kind: 'record',
    ...envelope,
    id: 'production/4711/rollback-1',
    repository: 'acme/shop',
    undone: 'production/4711',
    from: sha,
    to: 'production/4711/before',
    profile: 'A',
    planId: 'p',
    consent: 'not-needed',
    reason: 'unhealthy',
    actor: 'ada',
    trigger: 'verdict',
    state: 'open',
    openedAt: moment,
    runs: [],
    journal: [],
    parts: {},
  }
}

export const verdictOfPoint = async (store: Store) =>
  (await readPoint(store, 'production/4711/before'))?.deployment?.verdict
export const verdictOfRecord = async (store: Store) =>
  (await readRecord(store, 'production/4711/rollback-1'))?.verdict

/** What the evidence file says. */
export function evidenceOf(result: Result) {
  const text = readFileSync(result.outputs?.evidence ?? '', 'utf8')
  return { text, evidence: JSON.parse(text) }
}

const kept: string[] = []
afterAll(() => {
  for (const file of kept) rmSync(dirname(file), { recursive: true })
})

/** Runs the action and removes its evidence file at the end of the tests. */
export async function act(run: Run, ports: Ports, job: HealthJob): Promise<Result> {
  const result = await health(run, ports, job)
  if (result.outputs?.evidence) kept.push(result.outputs.evidence)
  return result
}

/** Verifies with a page that answers as told. */
export async function verify(
  run: Run,
  at: (elapsed: number) => Answer,
  more: { readonly with?: { readonly [name: string]: string }; readonly store?: Store } = {},
): Promise<Result> {
  const chosen = settingsOf({ checks: pageCheck, watch: '2m', ...more.with })
  return act(run, page(run, at), { settings: chosen, store: more.store })
}
