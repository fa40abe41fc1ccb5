// Writes packages/sandbox/github/openapi.json: GitHub's published OpenAPI description, cut down to the operations that the
// sandbox simulates. The whole package is half a gigabyte on disk, so it is no dependency; its checksum is pinned here.
// `node scripts/github-api.ts` writes, `node scripts/github-api.ts --check` only compares.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ACCEPTED } from '../packages/sandbox/github/permissions.ts'

const PACKAGE = '@octokit/openapi@23.0.2'
const SHA512 =
  'pV8M7L9GY23AybNvTmo2nyjmpmnt6+2sRE/tqr0ZLQcPS4lnw7u5eZGNmwRNkBC3D7gZXbFx5AHzLUVRBXGDhg=='
const FILE = new URL('../packages/sandbox/github/openapi.json', import.meta.url)

type Json = { readonly [name: string]: unknown }

/** The description, from the registry, after its checksum was compared. */
function published(): Json {
  const folder = mkdtempSync(join(tmpdir(), 'github-api-'))
  try {
    const packed = execFileSync('npm', ['pack', '--silent', PACKAGE], { cwd: folder }).toString()
    const archive = join(folder, packed.trim().split('\n').at(-1) ?? '')
    const found = createHash('sha512').update(readFileSync(archive)).digest('base64')
    if (found !== SHA512) throw new Error(`${PACKAGE} has checksum ${found}, not the pinned one`)
    const member = 'package/generated/api.github.com.json'
    execFileSync('tar', ['xzf', archive, member], { cwd: folder })
    return JSON.parse(readFileSync(join(folder, member), 'utf8'))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Members that say nothing about what is valid. Only dropped where they are texts or lists, not where they name a property. */
const PROSE = new Set(['description', 'summary', 'title', 'deprecated'])
const SAMPLES = new Set(['example', 'examples', 'externalDocs', 'x-deprecation-details'])

/** A copy without prose and samples; notes every reference on the way. */
function bare(value: unknown, references: Set<string>, names = false): unknown {
  if (Array.isArray(value)) return value.map((item) => bare(item, references))
  if (value === null || typeof value !== 'object') return value
  const { $ref } = value as { $ref?: string }
  if ($ref !== undefined) {
    references.add($ref)
    return { $ref }
  }
  const kept = Object.entries(value).filter(
    ([name, inner]) =>
      names ||
      !(
        SAMPLES.has(name) ||
        name.startsWith('x-github') ||
        (PROSE.has(name) && typeof inner !== 'object')
      ),
  )
  return Object.fromEntries(
    kept.map(([name, inner]) => [name, bare(inner, references, name === 'properties' && !names)]),
  )
}

function at(document: Json, reference: string): unknown {
  return reference
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, name) => (inner as Json)[name], document)
}

interface Described {
  readonly operationId?: string
  readonly externalDocs?: { readonly url: string }
  readonly [name: string]: unknown
}

function excerpt(document: Json): string {
  const references = new Set<string>()
  const wanted = new Set<string>(Object.keys(ACCEPTED))
  const operations = Object.entries(document.paths as Record<string, Record<string, Described>>)
    .flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
    )
    .filter(({ operation }) => wanted.delete(operation.operationId ?? ''))
    .map(({ path, method, operation }) => {
      const { operationId, externalDocs, parameters, requestBody, responses } = operation
      const parts = bare({ parameters, requestBody, responses }, references) as Json
      return { operationId, method, path, docs: externalDocs?.url, ...parts }
    })
  if (wanted.size > 0) throw new Error(`Not in ${PACKAGE}: ${[...wanted].join(', ')}`)
  const components = new Map<string, unknown>()
  for (const reference of references)
    components.set(reference, bare(at(document, reference), references))
  const lines = (items: readonly string[]) => items.join(',\n')
  const kinds = ['schemas', 'parameters', 'responses', 'headers'].map((kind) => {
    const own = [...components]
      .filter(([reference]) => reference.startsWith(`#/components/${kind}/`))
      .map(([reference, value]) => [reference.split('/').at(-1) ?? '', value] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const body = lines(
      own.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`),
    )
    return `${JSON.stringify(kind)}:{\n${body}\n}`
  })
  const about = JSON.stringify({
    from: PACKAGE,
    license: 'MIT, Copyright (c) 2020 Octokit contributors',
  })
  const all = lines(operations.map((operation) => JSON.stringify(operation)))
  return `{"about":${about},\n"operations":[\n${all}\n],\n"components":{${kinds.join(',\n')}}}\n`
}

const written = excerpt(published())
if (!process.argv.includes('--check')) writeFileSync(FILE, written)
else if (readFileSync(FILE, 'utf8') !== written) {
  console.error('packages/sandbox/github/openapi.json differs: run node scripts/github-api.ts')
  process.exitCode = 1
}
