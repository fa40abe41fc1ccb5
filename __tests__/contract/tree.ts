// The files of this repository as the contract tests read them.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '../..')

/** Lists the files that are, or are about to be, in the repository: tracked or new, not ignored. */
export function files(...folders: readonly string[]): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', ...folders]
  const listed = execFileSync('git', args, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 })
  return listed
    .split('\0')
    .filter((file) => file !== '' && existsSync(join(root, file)))
    .sort()
}

/** Lists the TypeScript files of folders. */
export const sources = (...folders: readonly string[]): readonly string[] =>
  files(...folders).filter((file) => file.endsWith('.ts'))

/** The text of a file. */
export const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The code of a file without its comments; lines stay where they are. */
export const code = (file: string): string =>
  read(file)
    .replaceAll(/\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ''))
    .replaceAll(/(^|\s)\/\/.*$/gm, '$1')

/** Finds the lines that match, as `file:line: text`. */
export function matches(file: string, text: string, pattern: RegExp): readonly string[] {
  return text
    .split('\n')
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []))
}
