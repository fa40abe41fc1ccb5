import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from '@jest/globals'
import { type Job, readWorkflow } from '../../scripts/workflows.ts'
import { root } from './tree.ts'

/**
 * release.yml has not run on GitHub. What can be known without it: how its jobs hang together, and what the scripts of its publishing
 * job do, run here as the runner would, against a `gh` that keeps releases and tags in a file.
 */
interface ReleaseJob extends Job {
  readonly needs?: string
  readonly environment?: string
}

const { check, publish } = readWorkflow('.github/workflows/release.yml').jobs as Readonly<
  Record<'check' | 'publish', ReleaseJob>
>
const steps = publish.steps ?? []
const scripts = steps.flatMap(({ run }) => (run ? [run] : []))
const at = (what: RegExp) =>
  steps.findIndex(({ uses = '', run = '', name = '' }) => what.test(`${name}\n${uses}\n${run}`))

describe('release.yml', () => {
  test('publishes only after everything that CI runs, and a person', () => {
    expect(publish.needs).toBe('check')
    expect(publish.environment).toBe('release')
    const ran = (check.steps ?? []).flatMap(({ run }) => (run ? [run] : []))
    expect(ran).toEqual(['node scripts/release.ts check "$TAG"', 'npm run check'])
  })

  test('attests before it publishes, and moves the major tag after all of it', () => {
    const order = [
      /attest@/,
      /sbom-path|what is in it/,
      /release create/,
      /\.immutable/,
      /refs\/tags/,
    ]
    const places = order.map(at)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(places).not.toContain(-1)
    expect(places.at(-1)).toBe(steps.length - 1)
  })

  test('runs no code of a dependency where it may write', () => {
    expect(check.permissions).toEqual({ contents: 'read' })
    expect(scripts.join('\n')).not.toMatch(/npm (ci|i|install|run|exec|test)\b|npx/)
  })
})

const folder = mkdtempSync(join(tmpdir(), 'publish-'))
const repository = join(folder, 'suite')
const stateFile = join(folder, 'github.json')

interface GitHub {
  /** Whether the setting "immutable releases" is on. */
  readonly immutable: boolean
  readonly releases: Readonly<
    Record<string, { readonly immutable: boolean; readonly notes: string }>
  >
  readonly refs: Readonly<Record<string, string>>
}

const github = (): GitHub => JSON.parse(readFileSync(stateFile, 'utf8'))
const setGithub = (state: GitHub) => writeFileSync(stateFile, JSON.stringify(state))

/** The part of the GitHub CLI that the job uses, with its exit codes. */
const gh = `#!/usr/bin/env node
const { readFileSync, writeFileSync } = require('node:fs')
const file = ${JSON.stringify(stateFile)}
const state = JSON.parse(readFileSync(file, 'utf8'))
const args = process.argv.slice(2)
const value = (flag) => args[args.indexOf(flag) + 1]
const field = (name) => args.find((one) => one.startsWith(name + '='))?.slice(name.length + 1)
const end = (code, text = '') => {
  writeFileSync(file, JSON.stringify(state))
  if (text) console.log(text)
  process.exit(code)
}
if (args[0] === 'release') {
  const [, verb, tag] = args
  if (verb === 'view') end(state.releases[tag] ? 0 : 1)
  if (verb !== 'create' || state.releases[tag]) end(1)
  for (const asset of args.filter((one) => /\\.(cdx\\.json|sha256)$/.test(one))) readFileSync(asset)
  const notes = readFileSync(value('--notes-file'), 'utf8')
  state.releases[tag] = { immutable: state.immutable, notes }
  end(0)
}
if (!args.includes('--method')) {
  const tag = args[1].replace(/.*\\/releases\\/tags\\//, '')
  end(state.releases[tag] ? 0 : 1, String(state.releases[tag]?.immutable))
}
const patched = args.find((one) => /\\/git\\/refs\\//.test(one))?.replace(/.*\\/git\\//, '')
if (value('--method') === 'PATCH') {
  if (!state.refs[patched] || field('force') !== 'true') end(1)
  state.refs[patched] = field('sha')
  end(0)
}
if (state.refs[field('ref')]) end(1)
state.refs[field('ref')] = field('sha')
end(0)
`

function git(...args: readonly string[]): string {
  const who = ['-c', 'user.name=a', '-c', 'user.email=a@acme.example']
  const { status, stdout, stderr } = spawnSync('git', [...who, ...args], {
    cwd: repository,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

function foundRepository(): void {
  mkdirSync(join(repository, 'scripts'), { recursive: true })
  mkdirSync(join(repository, 'dist/suite'), { recursive: true })
  for (const file of ['package.json', 'package-lock.json', 'scripts/release.ts'])
    cpSync(join(root, file), join(repository, file))
  writeFileSync(join(repository, 'dist/suite/index.js'), '')
  const versions = ['1.0.0', '1.0.1', '1.1.0']
  const changelog = versions.map((one) => `## [${one}] - 2026-12-01\n\n- What ${one} brings.\n`)
  writeFileSync(join(repository, 'CHANGELOG.md'), changelog.join('\n'))
  git('init', '--quiet', '--initial-branch', 'main')
  git('add', '.')
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin/gh'), gh)
  chmodSync(join(folder, 'bin/gh'), 0o755)
}

/** Tags a new commit, or the same one again, and runs the scripts of the job until one fails. */
function release(tag: string, again = false): { readonly ok: boolean; readonly commit: string } {
  if (!again) {
    git('commit', '--quiet', '--allow-empty', '--message', tag)
    git('tag', tag)
  }
  const commit = git('rev-parse', `${tag}^{commit}`)
  const temp = join(folder, 'temp')
  mkdirSync(temp, { recursive: true })
  const env = {
    PATH: [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(':'),
    HOME: folder,
    ...{
      TAG: tag,
      GITHUB_SHA: commit,
      GITHUB_REPOSITORY: 'acme/rollback-actions',
      RUNNER_TEMP: temp,
    },
  }
  const ok = scripts.every((script, index) => {
    const file = join(temp, `${index}.sh`)
    writeFileSync(file, script)
    return spawnSync('bash', ['-e', file], { cwd: repository, env }).status === 0
  })
  return { ok, commit }
}

describe('its publishing job', () => {
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const first = { commit: '' }

  test('makes the first release with its notes, and the major tag', () => {
    foundRepository()
    setGithub({ immutable: true, releases: {}, refs: {} })
    const { ok, commit } = release('v1.0.0')
    first.commit = commit
    expect(ok).toBe(true)
    expect(github()).toEqual({
      immutable: true,
      releases: { 'v1.0.0': { immutable: true, notes: '- What 1.0.0 brings.\n' } },
      refs: { 'refs/tags/v1': commit },
    })
  }, 60_000)

  test('changes nothing when it is run again', () => {
    const before = github()
    expect(release('v1.0.0', true).ok).toBe(true)
    expect(github()).toEqual(before)
  }, 60_000)

  test('leaves the major tag where it is when releases can still be changed', () => {
    setGithub({ ...github(), immutable: false })
    expect(release('v1.1.0').ok).toBe(false)
    expect(github().refs).toEqual({ 'refs/tags/v1': first.commit })
  }, 60_000)

  test('does not take users back with a late patch', () => {
    setGithub({ ...github(), immutable: true })
    expect(release('v1.0.1').ok).toBe(true)
    expect(github().refs).toEqual({ 'refs/tags/v1': first.commit })
  }, 60_000)

  test('moves the major tag to a newer release', () => {
    const { releases, ...rest } = github()
    const { 'v1.1.0': _, ...kept } = releases
    setGithub({ ...rest, releases: kept })
    const { ok, commit } = release('v1.1.0', true)
    expect(ok).toBe(true)
    expect(github().refs).toEqual({ 'refs/tags/v1': commit })
  }, 60_000)
})
