// The actions of this repository, found by their folders; no list of them is kept anywhere.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { root } from './install.mjs'

/** Names every action: the folders of actions/ that hold an action.yml, sorted. */
export function actionNames() {
  return readdirSync(join(root, 'actions'), { recursive: true })
    .filter((path) => /^[^/]+\/action\.yml$/.test(path))
    .map((path) => path.split('/')[0])
    .sort()
}

/** Reads an action's action.yml. */
export function actionDefinition(name) {
  return parse(readFileSync(join(root, 'actions', name, 'action.yml'), 'utf8'))
}
