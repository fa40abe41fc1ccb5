import { describe, expect, test } from '@jest/globals'
import { missingPlatforms, readLock } from '../../scripts/lock.ts'
import { files, matches, read } from './tree.ts'

// dist/ is generated and holds other people's code; a lock names where packages come from.
const written = files().filter((file) => !/^dist\/|(^|\/)package-lock\.json$/.test(file))
const text = written.filter((file) => !/\.(png|gz|bin|ico)$/.test(file))

interface Forbidden {
  readonly what: string
  readonly pattern: RegExp
  /** A line that the pattern must find. In two halves, so that this file does not contain it. */
  readonly example: readonly [string, string]
  readonly files: readonly string[]
}

// The words are put together here for the same reason.
const any = (...words: readonly string[]) => words.map((word) => word.replace('~', '')).join('|')
const tests = text.filter((file) => file.startsWith('__tests__/'))

const forbidden: readonly Forbidden[] = [
  {
    what: 'paths of the machine it was written on',
    pattern: new RegExp(`(^|[^\\w.~-])/(${any('wo~rk', 'fa~rm', 'ro~ot', 'ho~me')})/`),
    example: ['see /ro', 'ot/notes'],
    files: text,
  },
  {
    what: 'tests that are skipped or run alone',
    pattern:
      /\b(it|test|describe)\.(skip|only|todo|failing)\b|\bx(it|test|describe)\(|\bf(it|describe)\(/,
    example: ['test.sk', "ip('later', () => {})"],
    files: tests,
  },
  {
    what: 'marks of something left over',
    pattern: new RegExp(`\\b(${any('TO~DO', 'FIX~ME', 'XX~X', 'not imple~mented')})\\b`),
    example: ['// TO', 'DO: later'],
    files: text,
  },
  {
    what: 'names of package hosts',
    pattern: new RegExp(
      any(
        'registry\\.np~mjs',
        'pypi\\.o~rg',
        'pythonho~sted',
        'proxy\\.gol~ang',
        'static\\.crat~es',
      ),
    ),
    example: ['https://registry.np', 'mjs.org'],
    files: text,
  },
]

describe('the repository holds no', () => {
  test.each(forbidden)('$what', ({ pattern, files }) => {
    expect(files.flatMap((file) => matches(file, read(file), pattern))).toEqual([])
  })

  test.each(forbidden)('$what, and this would be found', ({ pattern, example }) => {
    expect(example.join('')).toMatch(pattern)
  })
})

describe('what is installed is fixed', () => {
  test('package.json names exact versions', () => {
    const { dependencies, devDependencies, optionalDependencies } = JSON.parse(read('package.json'))
    const all = Object.entries({ ...dependencies, ...devDependencies, ...optionalDependencies })
    expect(all.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(String(version)))).toEqual(
      [],
    )
  })

  test('requirements.txt names exact versions', () => {
    const lines = read('requirements.txt')
      .split('\n')
      .filter((line) => !/^\s*(#|$)/.test(line))
    expect(lines.filter((line) => !/^[\w.-]+==[\w.]+$/.test(line))).toEqual([])
  })

  test('the lock holds every platform, or npm ci refuses it; npm run lock completes it', () => {
    expect(missingPlatforms(readLock())).toEqual([])
    const platform = { 'a-linux-x64': '1.0.0' }
    expect(
      missingPlatforms({ packages: { 'node_modules/a': { optionalDependencies: platform } } }),
    ).toHaveLength(1)
  })
})
