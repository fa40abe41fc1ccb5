// What a release must fit, before anything is published: `node scripts/release.ts check|notes|major <tag>`, `… sbom`. Node 24, git, npm.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** What a tag is compared with. */
export interface Facts {
  readonly tag: string
  /** `version` of package.json, and of the lock. */
  readonly versions: readonly string[]
  readonly changelog: string
  /** Whether the tagged commit is part of main. */
  readonly onMain: boolean
}

type Version = readonly [number, number, number]

/** The three numbers of `vX.Y.Z`; undefined for every other tag, the moving ones too. */
export function versionOf(tag: string): Version | undefined {
  const [, ...parts] = /^v(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/.exec(tag) ?? []
  const [major, minor, patch] = parts.map(Number)
  if (major === undefined || minor === undefined || patch === undefined) return undefined
  return [major, minor, patch]
}

const compare = (a: Version, b: Version): number => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]

/** The text of a version's section of the changelog, without its heading; empty when there is none. */
export function notesOf(changelog: string, tag: string): string {
  const [, ...sections] = `\n${changelog}`.split('\n## ')
  const heading = `[${tag.slice(1)}] - `
  const section = sections.find((one) => one.startsWith(heading)) ?? ''
  // Links at the end of the file belong to no section.
  const [, text = ''] = /^[^\n]*\n([\s\S]*?)(?:\n\[[^\]\n]+\]:[\s\S]*)?$/.exec(section) ?? []
  return text.trim()
}

/** Everything for which a tag may not be released, one line each; empty when it may. */
export function problemsOf({ tag, versions, changelog, onMain }: Facts): readonly string[] {
  if (!versionOf(tag)) return [`${tag} is no version: expected vX.Y.Z`]
  const other = versions.filter((version) => `v${version}` !== tag)
  return [
    ...(onMain ? [] : [`${tag} is not on main: merge first, then tag the commit on main`]),
    ...(other.length === 0
      ? []
      : [
          `package.json and its lock say ${[...new Set(other)].join(', ')}, the tag ${tag.slice(1)}`,
        ]),
    ...(notesOf(changelog, tag) === ''
      ? [`CHANGELOG.md has no section "## [${tag.slice(1)}] - <date>" with text`]
      : []),
  ]
}

/** The major tag that a release takes over, `v1`; undefined when one with a higher version has it: it never goes back. */
export function majorOf(tag: string, tags: readonly string[]): string | undefined {
  const version = versionOf(tag)
  if (!version) return undefined
  const newer = tags.some((one) => {
    const other = versionOf(one)
    return other !== undefined && other[0] === version[0] && compare(other, version) > 0
  })
  return newer ? undefined : `v${version[0]}`
}

interface Bill {
  readonly metadata: { readonly component: { readonly 'bom-ref': string } }
  readonly components: readonly { readonly 'bom-ref': string; readonly name: string }[]
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[]
}

/**
 * npm's CycloneDX list, only what the named direct dependencies lead to. `npm sbom --omit dev` (npm 11.19) leaves out `pg`
 * too, which is bundled: something of development depends on it as well.
 */
export function bundledOnly<B extends Bill>(bill: B, direct: readonly string[]): B {
  const needs = new Map(bill.dependencies.map(({ ref, dependsOn }) => [ref, dependsOn]))
  const names = new Map(bill.components.map((one) => [one['bom-ref'], one.name]))
  const root = bill.metadata.component['bom-ref']
  const first = (needs.get(root) ?? []).filter((ref) => direct.includes(names.get(ref) ?? ''))
  const kept = new Set(first)
  for (const ref of kept) for (const next of needs.get(ref) ?? []) kept.add(next)
  return {
    ...bill,
    components: bill.components.filter((one) => kept.has(one['bom-ref'])),
    dependencies: [
      { ref: root, dependsOn: first },
      ...bill.dependencies.filter(({ ref }) => kept.has(ref)),
    ],
  }
}

function billOfMaterials(): Bill {
  const args = ['sbom', '--package-lock-only', '--sbom-format', 'cyclonedx']
  const text = execFileSync('npm', args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  const { dependencies } = JSON.parse(read('package.json'))
  return bundledOnly(JSON.parse(text), Object.keys(dependencies))
}

const git = (...args: readonly string[]) => execFileSync('git', args, { encoding: 'utf8' })

function isOnMain(tag: string): boolean {
  try {
    git('merge-base', '--is-ancestor', `refs/tags/${tag}^{commit}`, 'refs/remotes/origin/main')
    return true
  } catch {
    return false
  }
}

const read = (file: string) => readFileSync(join(process.cwd(), file), 'utf8')

function check(tag: string): void {
  const lock = JSON.parse(read('package-lock.json'))
  const problems = problemsOf({
    tag,
    versions: [JSON.parse(read('package.json')).version, lock.version, lock.packages[''].version],
    changelog: read('CHANGELOG.md'),
    onMain: isOnMain(tag),
  })
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exitCode = 1
}

if (import.meta.main) {
  const [verb, tag = ''] = process.argv.slice(2)
  if (verb === 'check') check(tag)
  else if (verb === 'notes') console.log(notesOf(read('CHANGELOG.md'), tag))
  else if (verb === 'major') console.log(majorOf(tag, git('tag', '--list').split('\n')) ?? '')
  else if (verb === 'sbom') console.log(JSON.stringify(billOfMaterials(), null, 2))
  else {
    console.error('Usage: node scripts/release.ts check|notes|major <tag>, or sbom')
    process.exitCode = 2
  }
}
