// What the workflow files say about themselves: calls, permissions, inputs.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from './install.mjs'

/** Lists the YAML files of a folder of the checkout, sorted; none when there is no such folder. */
export function yamlFiles(folder) {
  const path = join(root, folder)
  if (!existsSync(path)) return []
  return readdirSync(path)
    .filter((file) => /\.ya?ml$/.test(file))
    .sort()
    .map((file) => join(folder, file))
}

/** Reads a YAML file of the checkout. */
export const readYaml = (file) => parse(readFileSync(join(root, file), 'utf8'))

/** The reusable workflows: those with `on: workflow_call`. */
export const reusableWorkflows = () =>
  yamlFiles('.github/workflows').filter((file) => 'workflow_call' in Object(readYaml(file).on))

/** The workflow file of this repository that a job's `uses` calls, if it is one (`./` and `$/` both mean this repository). */
export const calledWorkflow = (uses) => /^[.$]\/(\.github\/workflows\/[^@]+)$/.exec(uses ?? '')?.[1]

const rank = { none: 0, read: 1, write: 2 }

/**
 * Joins what all jobs of a workflow may do, those of called workflows included. GitHub checks this union against the
 * caller's grant before the run starts, whatever any `if:` says.
 * @returns {Record<string, 'read' | 'write'>} sorted by name
 */
export function permissionsUnion(file) {
  const union = {}
  for (const job of Object.values(readYaml(file).jobs)) {
    const called = calledWorkflow(job.uses)
    const grants = called ? permissionsUnion(called) : (job.permissions ?? {})
    for (const [name, level] of Object.entries(grants))
      if (rank[level] > rank[union[name] ?? 'none']) union[name] = level
  }
  return Object.fromEntries(Object.entries(union).sort(([a], [b]) => (a < b ? -1 : 1)))
}
