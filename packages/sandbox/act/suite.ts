import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { assertOnlyPromised, type Change, rewriteForAct, type SuiteName } from './rewrite.ts'

/** A copy of this suite that act serves in the place of the repository on GitHub. */
export interface SuiteCopy extends SuiteName {
  readonly folder: string
  /** What was rewritten, by file. */
  readonly changes: Readonly<Record<string, readonly Change[]>>
}

/** The name under which tests and the demo call the suite. */
export const suiteName: SuiteName = {
  repository: 'acme/rollback-actions',
  commit: '5afe5afe5afe5afe5afe5afe5afe5afe5afe5afe',
}

/** The checkout of this suite: the folder above us with `actions`. */
export function suiteRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url))
  while (!existsSync(join(folder, 'package-lock.json'))) folder = dirname(folder)
  return folder
}

/**
 * act copies an action's repository for each step: with a link in it the steps of all runs execute one file, which Node compiles
 * once if a run's environment has NODE_COMPILE_CACHE.
 */
function shareBundle(folder: string): void {
  const copied = join(folder, 'dist/suite/index.js')
  // Beside the folder, so that act has nothing to copy.
  const shared = `${folder}-bundle.mjs`
  renameSync(copied, shared)
  symlinkSync(shared, copied)
}

/** Copies what GitHub would download of this suite (bundles, actions, workflows) into a folder, rewritten for act. Throws when the bundles are not built. */
export function copySuite(folder: string, name: SuiteName = suiteName): SuiteCopy {
  const root = suiteRoot()
  if (!existsSync(join(root, 'dist/suite/index.js')))
    throw new Error('There are no bundles in dist/: run `npm run build` first.')
  mkdirSync(folder, { recursive: true })
  for (const part of ['dist', 'actions'])
    cpSync(join(root, part), join(folder, part), { recursive: true })
  shareBundle(folder)
  const changes: Record<string, readonly Change[]> = {}
  const workflows = '.github/workflows'
  mkdirSync(join(folder, workflows), { recursive: true })
  for (const file of readdirSync(join(root, workflows))) {
    const original = readFileSync(join(root, workflows, file), 'utf8')
    const rewritten = rewriteForAct(original, name)
    assertOnlyPromised(original, rewritten.text, name)
    changes[file] = rewritten.changes
    writeFileSync(join(folder, workflows, file), rewritten.text)
  }
  return { ...name, folder, changes }
}
