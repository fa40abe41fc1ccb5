import { describe, expect, test } from '@jest/globals'
import { code, files, matches, read, sources } from './tree.ts'

/**
 * The architecture: what each package may import. `packages` are ours (`#name`), `modules` are npm packages by prefix,
 * `node` is whether it may touch the platform at all.
 */
interface Rule {
  readonly packages: readonly string[]
  readonly modules: readonly string[]
  readonly node: boolean
}

const component = ['core', 'aws', 'store', 'sql', 'tasks', 'process']
const rules: Readonly<Record<string, Rule>> = {
  // The language and the pure parts.
  core: { packages: [], modules: [], node: false },
  inputs: { packages: [], modules: ['yaml', 'zod'], node: false },
  chain: { packages: ['core', 'store'], modules: [], node: false },
  // What components stand on.
  aws: { packages: ['core'], modules: ['@smithy/', '@aws-sdk/'], node: true },
  store: { packages: ['core', 'aws'], modules: ['zod', '@aws-sdk/client-s3'], node: true },
  github: { packages: ['core'], modules: ['@octokit/'], node: false },
  process: { packages: ['core', 'inputs', 'aws'], modules: [], node: true },
  sql: { packages: ['core'], modules: ['pg', 'zod'], node: true },
  tasks: { packages: ['core', 'aws'], modules: ['@aws-sdk/client-ecs'], node: true },
  // One component kind each; never another kind.
  ecs: {
    packages: component,
    modules: [
      'zod',
      '@aws-sdk/client-ecs',
      // What its tasks stand on: deployed by, scaled by, behind, made of, started with.
      ...['@aws-sdk/client-codedeploy', '@aws-sdk/client-application-auto-scaling'],
      ...['@aws-sdk/client-elastic-load-balancing-v2', '@aws-sdk/client-ecr'],
      ...['@aws-sdk/client-secrets-manager', '@aws-sdk/client-ssm'],
      ...['@aws-sdk/client-s3', '@aws-sdk/client-iam'],
    ],
    node: true,
  },
  rds: {
    packages: component,
    modules: ['zod', '@aws-sdk/client-rds', '@aws-sdk/client-secrets-manager'],
    node: true,
  },
  migrations: { packages: [...component, 'inputs'], modules: ['zod'], node: true },
  config: {
    packages: component,
    modules: ['@aws-sdk/client-secrets-manager', '@aws-sdk/client-ssm'],
    node: true,
  },
  site: {
    packages: component,
    modules: ['@aws-sdk/client-s3', '@aws-sdk/client-cloudfront'],
    node: true,
  },
  // What looks at many kinds.
  health: {
    packages: ['core', 'inputs', 'aws', 'store', 'sql', 'ecs', 'rds', 'migrations'],
    modules: ['zod', '@aws-sdk/client-cloudwatch', '@aws-sdk/client-cloudwatch-logs'],
    node: true,
  },
  points: {
    packages: [
      ...component,
      ...['inputs', 'github', 'ecs', 'rds', 'migrations', 'config', 'site', 'health'],
    ],
    modules: ['zod'],
    node: true,
  },
  rollback: {
    packages: [
      ...['core', 'inputs', 'aws', 'store', 'github', 'chain', 'points', 'config', 'site'],
      'migrations',
    ],
    modules: ['zod'],
    node: true,
  },
  preflight: {
    packages: [
      ...['core', 'inputs', 'aws', 'store', 'github', 'points'],
      // Who knows the things that a role is asked about.
      ...['ecs', 'rds', 'config'],
    ],
    modules: ['@aws-sdk/client-iam', '@aws-sdk/client-sts', '@aws-sdk/client-ecs'],
    node: false,
  },
  // The runner: the only package that knows the toolkit and the environment.
  action: {
    packages: ['core', 'inputs', 'aws', 'store', 'github'],
    modules: ['@actions/', '@aws-sdk/client-sts'],
    node: true,
  },
  // The local cloud: knows nothing of the product, and the product nothing of it.
  sandbox: {
    packages: [],
    modules: ['@aws-sdk/', '@smithy/', 'ajv', 'pg', 'zod', 'yaml'],
    node: true,
  },
}
/** An action wires packages together and imports nothing else. */
const actionRule: Rule = {
  packages: Object.keys(rules).filter((name) => name !== 'sandbox'),
  modules: [],
  node: false,
}

const specifiers = (file: string): readonly string[] =>
  [...code(file).matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*)(['"])([^'"]+)\1/g)].map(
    (found) => found[2] ?? '',
  )

/** Tells why an import is not allowed; undefined when it is. */
function objection(file: string, specifier: string, rule: Rule): string | undefined {
  const [area = '', name = ''] = file.split('/')
  if (specifier.startsWith('.')) {
    const target = new URL(specifier, `file:///${file}`).pathname
    return target.startsWith(`/${area}/${name}/`) ? undefined : 'leaves its folder'
  }
  if (specifier.startsWith('#')) {
    const known = rule.packages.includes(specifier.slice(1))
    return known ? undefined : 'is not a package it may know'
  }
  if (specifier.startsWith('node:')) return rule.node ? undefined : 'is the platform'
  const allowed = rule.modules.some(
    (module) => specifier === module || specifier.startsWith(module.replace(/\/?$/, '/')),
  )
  return allowed ? undefined : 'is not a module it may use'
}

const objections = (file: string, rule: Rule) =>
  specifiers(file).flatMap((specifier) => {
    const why = objection(file, specifier, rule)
    return why === undefined ? [] : [`${file}: '${specifier}' ${why}`]
  })

const product = sources('packages', 'actions')
const packages = [...new Set(product.map((file) => file.split('/').slice(0, 2).join('/')))]

describe('who imports whom', () => {
  test.each(packages.filter((folder) => folder.startsWith('packages/')))(
    '%s imports what the table allows',
    (folder) => {
      const rule = rules[folder.replace('packages/', '')]
      expect(rule).toBeDefined()
      expect(sources(folder).flatMap((file) => (rule ? objections(file, rule) : []))).toEqual([])
    },
  )

  test('actions import packages only, and nobody imports an action', () => {
    expect(sources('actions').flatMap((file) => objections(file, actionRule))).toEqual([])
  })

  test('the rule finds every way of importing', () => {
    expect(objection('packages/ecs/state.ts', '#rds', rules.ecs as Rule)).toBeDefined()
    expect(objection('packages/ecs/state.ts', '../rds/index.ts', rules.ecs as Rule)).toBeDefined()
    expect(objection('packages/ecs/state.ts', './a/b.ts', rules.ecs as Rule)).toBeUndefined()
    expect(objection('packages/core/until.ts', 'node:fs', rules.core as Rule)).toBeDefined()
    expect(objection('packages/sql/query.ts', 'pg-cursor', rules.sql as Rule)).toBeDefined()
  })
})

/** Where something that must stay in one place may be. */
const places: readonly {
  readonly what: string
  readonly pattern: RegExp
  /** A line that the pattern must find, or the rule would not. */
  readonly example: string
  readonly allowed: (file: string) => boolean
}[] = [
  {
    what: 'the clock and timers are core/clock.ts, in the sandbox sandbox/clock.ts',
    pattern: /\bDate\.now\b|\bnew Date\(\)|(?<![.\w])set(Timeout|Interval|Immediate)\(/,
    example: 'await new Promise((wake) => setTimeout(wake, 10))',
    allowed: (file) => ['packages/core/clock.ts', 'packages/sandbox/clock.ts'].includes(file),
  },
  {
    what: 'time is measured with the clock, in the sandbox also for real',
    pattern: /\bperformance\.now\b/,
    example: 'const began = performance.now()',
    allowed: (file) => file === 'packages/core/clock.ts' || file.startsWith('packages/sandbox/'),
  },
  {
    what: 'the environment is read in packages/action, and by the sandbox',
    pattern: /\bprocess\.env\b|\benv\b.*from 'node:process'/,
    example: 'const { PATH } = process.env',
    allowed: (file) => /^packages\/(action|sandbox)\//.test(file),
  },
  {
    what: 'an AWS client is made in a connect file, or where credentials are',
    pattern: /\bnew [A-Z]\w*Client\(/,
    example: 'const ecs = new ECSClient(config)',
    allowed: (file) =>
      /\bexport (async )?function connect\b/.test(read(file)) ||
      file === 'packages/action/credentials.ts' ||
      file.startsWith('packages/sandbox/'),
  },
  {
    what: 'a rollback of services deregisters and deletes nothing',
    pattern: /\b(Deregister|Delete|Remove)\w*(Command|Request)\b/,
    example: 'import { DeregisterTaskDefinitionCommand } from "@aws-sdk/client-ecs"',
    allowed: (file) => !file.startsWith('packages/ecs/'),
  },
]

describe('what stays in one place', () => {
  test.each(places)('$what', ({ pattern, allowed }) => {
    const found = product
      .filter((file) => !allowed(file))
      .flatMap((file) => matches(file, code(file), pattern))
    expect(found).toEqual([])
  })

  test.each(places)('the pattern finds: $example', ({ pattern, example }) => {
    expect(example).toMatch(pattern)
  })
})

describe('files', () => {
  test('none is longer than 400 lines', () => {
    const long = sources('packages', 'actions', 'scripts')
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > 400)
    expect(long).toEqual([])
  })

  test('none is named for nothing', () => {
    const empty = /^(manager|helper|util|utility|utilitie|handler|base|misc|common-code)s?$/
    const named = files('packages', 'actions', 'scripts', '__tests__').filter(
      (file) =>
        /\.m?ts$|\.mjs$/.test(file) &&
        file.split(/[/.\-_]/).some((word) => empty.test(word.toLowerCase())),
    )
    expect(named).toEqual([])
  })
})
