// What the workflow files say about themselves: calls, permissions, inputs.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { InputDefinition } from './actions.ts'
import { readYaml } from './yaml.ts'

const root = join(import.meta.dirname, '..')

export type Level = 'none' | 'read' | 'write'
export type Permissions = Readonly<Record<string, Level>>

export interface Step {
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
}

export interface Job {
  readonly permissions?: Permissions
  readonly uses?: string
  readonly with?: Readonly<Record<string, unknown>>
  readonly secrets?: Readonly<Record<string, unknown>> | 'inherit'
  readonly steps?: readonly Step[]
}

export interface WorkflowCall {
  readonly inputs?: Readonly<Record<string, InputDefinition>>
  readonly secrets?: Readonly<Record<string, InputDefinition>>
  readonly outputs?: Readonly<Record<string, { readonly description?: string }>>
}

/** What we read of a workflow file. */
export interface Workflow {
  readonly name?: string
  readonly on: { readonly workflow_call?: WorkflowCall | null } & Readonly<Record<string, unknown>>
  readonly permissions?: Permissions
  readonly jobs: Readonly<Record<string, Job>>
}

/** Lists the YAML files of a folder of the checkout, sorted; none when there is no such folder. */
export function yamlFiles(folder: string): readonly string[] {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => join(folder, file))
}

/** Reads a workflow file of the checkout. */
export function readWorkflow(file: string): Workflow {
  return readYaml(file)
}

/** Lists the reusable workflows: those with `on: workflow_call`. */
export function reusableWorkflows(): readonly string[] {
  return yamlFiles('.github/workflows').filter(
    (file) => 'workflow_call' in Object(readWorkflow(file).on),
  )
}

/** `./`, `$/` and, in examples, `owner/rollback-actions/…@commit` all mean this repository; the rest is its path. */
const own = /^(?:\.\/|\$\/|[\w-]+\/rollback-actions\/)(?<path>[^@]+)(?:@.*)?$/

/** Names what a `uses:` of this repository's own means: the path of a workflow file or of an action's folder. */
export function ownPath(uses: string | undefined): string | undefined {
  return own.exec(uses ?? '')?.groups?.path
}

const rank: Readonly<Record<Level, number>> = { none: 0, read: 1, write: 2 }

/**
 * Joins what all jobs of a workflow may do, those of called workflows included. GitHub checks this union against the
 * caller's grant before the run starts, whatever any `if:` says.
 */
export function permissionsUnion(file: string): Permissions {
  const union = new Map<string, Level>()
  for (const job of Object.values(readWorkflow(file).jobs)) {
    const called = ownPath(job.uses)
    const grants = called === undefined ? (job.permissions ?? {}) : permissionsUnion(called)
    for (const [name, level] of Object.entries(grants)) {
      if (rank[level] > rank[union.get(name) ?? 'none']) union.set(name, level)
    }
  }
  return Object.fromEntries([...union].sort(([a], [b]) => (a < b ? -1 : 1)))
}
