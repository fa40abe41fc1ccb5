import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { common, type Parser } from '#inputs'
import { type ActionDefinition, actionDefinition, actionNames } from '../../scripts/actions.ts'
import { code, matches, read, root } from './tree.ts'

/** The parsers that an action's inputs.ts exports. */
async function parsersOf(name: string): Promise<Readonly<Record<string, Parser<unknown>>>> {
  const { inputs } = await import(pathToFileURL(join(root, 'actions', name, 'inputs.ts')).href)
  return inputs
}

/** What is wrong with the defaults of an action.yml, given its parsers. */
function badDefaults(
  { inputs = {} }: ActionDefinition,
  parsers: Readonly<Record<string, Parser<unknown>>>,
): readonly string[] {
  return Object.entries(inputs).flatMap(([name, input]) => {
    if (input.required && input.default !== undefined) return [`${name}: required, with a default`]
    const parsed = parsers[name]?.(String(input.default ?? ''))
    if (!parsed) return [`${name}: no parser`]
    if (input.required) return parsed.ok ? [`${name}: required, but empty is accepted`] : []
    return parsed.ok ? [] : [`${name}: default does not parse, expected ${parsed.expected}`]
  })
}

/** Words that choose; wiring has none of them. */
const branches = /\b(if|switch|for|while)\s*\(|&&|\|\||\s\?\s/

const names = actionNames()

describe.each(names)('%s', (name) => {
  const definition = actionDefinition(name)

  test('has exactly its four files', () => {
    expect(readdirSync(join(root, 'actions', name)).sort()).toEqual([
      'README.md',
      'action.yml',
      'inputs.ts',
      'main.ts',
    ])
  })

  test('declares the inputs that inputs.ts names, with defaults that parse', async () => {
    const parsers = await parsersOf(name)
    expect(Object.keys(definition.inputs ?? {}).sort()).toEqual(Object.keys(parsers).sort())
    expect(badDefaults(definition, parsers)).toEqual([])
  })

  test('runs its own bundle on the runner’s Node', () => {
    expect(definition.runs).toMatchObject({
      using: 'node24',
      main: `../../dist/${name}/index.js`,
    })
  })

  test('is named, described, and so is each input and output', () => {
    expect(definition.name).toBeTruthy()
    expect(definition.description).toBeTruthy()
    const described = Object.entries({ ...definition.inputs, ...definition.outputs })
    expect(described.filter(([, { description }]) => !description?.trim())).toEqual([])
  })

  test('takes the common inputs, all optional, and gives outcome and report', () => {
    const inputs = definition.inputs ?? {}
    const missing = Object.keys(common).filter((input) => !(input in inputs))
    expect(missing).toEqual([])
    expect(Object.keys(common).filter((input) => inputs[input]?.required)).toEqual([])
    expect(Object.keys(definition.outputs ?? {})).toEqual(
      expect.arrayContaining(['outcome', 'report']),
    )
  })

  test('main.ts is wiring: short and without a branch', () => {
    const main = `actions/${name}/main.ts`
    expect(read(main).trimEnd().split('\n').length).toBeLessThanOrEqual(25)
    expect(matches(main, code(main), branches)).toEqual([])
  })
})

describe('all actions', () => {
  test('there are some', () => {
    expect(names.length).toBeGreaterThan(0)
  })

  test('a common input says the same and has the same default in each', () => {
    const differing = Object.keys(common).filter((input) => {
      const said = names.map((name) => JSON.stringify(actionDefinition(name).inputs?.[input]))
      return input !== 'timeout' && new Set(said).size > 1
    })
    expect(differing).toEqual([])
  })

  test('no action.yml is without its folder, no folder without its action.yml', () => {
    const folders = readdirSync(join(root, 'actions'))
    expect(
      folders.filter((folder) => !existsSync(join(root, 'actions', folder, 'action.yml'))),
    ).toEqual([])
  })
})

describe('the rules find what they look for', () => {
  test.each([
    'if (given.dryRun) return',
    'const a = b ? c : d',
    'given.store && open(given.store)',
    'const a = b || c',
    'for (const x of y) z(x)',
  ])('a branch: %s', (line) => {
    expect(line).toMatch(branches)
  })

  test.each(["import { action } from '#action'", 'const a: { readonly b?: string } = {}'])(
    'no branch: %s',
    (line) => {
      expect(line).not.toMatch(branches)
    },
  )

  test('a default that does not parse', () => {
    const runs = { using: 'node24', main: '' }
    const inputs = { timeout: { default: 'soon' }, mode: { required: true }, extra: {} }
    const definition = { name: 'x', description: 'x', inputs, runs }
    const { timeout } = common
    const lenient: Parser<string> = (value) => ({ ok: true, value })
    expect(badDefaults(definition, { timeout, mode: lenient })).toEqual([
      expect.stringMatching(/^timeout: default does not parse, expected a duration/),
      'mode: required, but empty is accepted',
      'extra: no parser',
    ])
  })
})
