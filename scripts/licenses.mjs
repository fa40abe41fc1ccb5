// The notices of third parties whose code may be inside the bundle.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from './install.mjs'

function licenseText(folder) {
  const files = readdirSync(folder)
    .filter((file) => /^(licen[cs]e|notice|copying)/i.test(file))
    .sort()
  return files
    .map((file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
    .join('\n\n')
}

/** Collects the packages that production code depends on, grouped by the text of their licence. */
export function thirdPartyNotices() {
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'))
  const groups = new Map()
  for (const [path, entry] of Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (
      path === '' ||
      entry.dev ||
      entry.optional ||
      entry.devOptional ||
      !existsSync(join(root, path))
    )
      continue
    const text =
      licenseText(join(root, path)) ||
      `(no licence file; declared as ${entry.license ?? 'unknown'})`
    const name = `${path.replace(/^.*node_modules\//, '')} ${entry.version} (${entry.license ?? 'unknown'})`
    groups.set(text, [...(groups.get(text) ?? []), name])
  }
  const notices = [...groups].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)
  return `Software by others, as bundled into dist/.\n\n${notices.join(`\n${'-'.repeat(80)}\n\n`)}`
}
