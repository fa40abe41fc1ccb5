// The actions of this repository, found by their folders; no list of them is kept anywhere.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { readYaml } from './yaml.ts'

const root = join(import.meta.dirname, '..')

/** One input as action.yml or `workflow_call` declares it. */
export interface InputDefinition {
  readonly description?: string
  readonly required?: boolean
  readonly default?: string | number | boolean
}

/** What we read of an action.yml. */
export interface ActionDefinition {
  readonly name: string
  readonly description: string
  readonly inputs?: Readonly<Record<string, InputDefinition>>
  readonly outputs?: Readonly<Record<string, { readonly description?: string }>>
  readonly runs: { readonly using: string; readonly main: string }
}

/** Names every action: the folders of actions/ that hold an action.yml, sorted. */
export function actionNames(): readonly string[] {
  return readdirSync(join(root, 'actions'), { recursive: true, encoding: 'utf8' })
    .filter((path) => /^[^/]+\/action\.yml$/.test(path))
    .map((path) => path.replace('/action.yml', ''))
    .sort()
}

/** Reads an action's action.yml. */
export function actionDefinition(name: string): ActionDefinition {
  return readYaml(`actions/${name}/action.yml`)
}
