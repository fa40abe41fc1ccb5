import { configuredChecks, settings } from '#health'
import { parseConfig } from '#inputs'
import { given } from '../../actions/verify-health/stage.ts'

const parsed = parseConfig(`
version: 1
store: s3://acme-rollback
environments:
  production:
    region: us-east-1
    account: "123456789012"
    services: { cluster: prod, names: [web, jobs] }
    checks:
      - http: https://api.acme.example/health
      - ecs: true
    watch: 10m
`)
const production = 'config' in parsed ? parsed.config.environments.production : undefined

describe('the settings', () => {
  test('come from the configuration file', () => {
    const found = settings(given(), production)
    expect(found).toMatchObject({
      mode: 'verify',
      expect: 'released',
      watch: 600_000,
      consecutive: 3,
    })
    expect(found.plan.problems).toEqual([])
    expect(found.plan.checks).toMatchObject([
      { kind: 'http', name: 'api.acme.example/health', statuses: [200], timeout: 5_000 },
      { kind: 'ecs', name: 'ecs', cluster: 'prod', services: ['web', 'jobs'] },
    ])
  })

  test('are overridden by inputs', () => {
    const found = settings(
      given({
        checks: '- { ecs: true, name: tasks }',
        services: 'web',
        watch: '90s',
        consecutive: '5',
      }),
      production,
    )
    expect(found).toMatchObject({ watch: 90_000, consecutive: 5 })
    expect(found.plan.checks).toEqual([
      { kind: 'ecs', name: 'tasks', cluster: 'prod', services: ['web'] },
    ])
  })

  test('watch fifteen minutes when nothing says how long', () => {
    expect(settings(given(), undefined).watch).toBe(900_000)
  })

  test('list every problem at once', () => {
    const { plan } = settings(
      given({
        checks: '- http: ftp://x\n- { http: "http://a.example", status: 99 }\n- ping: 1',
        watch: '2h',
      }),
      undefined,
    )
    expect(plan.problems.length).toBeGreaterThanOrEqual(4)
    expect(plan.checks).toEqual([])
  })

  test('know the database of the environment, and name checks by what they look at', () => {
    const database = { connection: 'secret:db', 'data-restore': 'ask', 'while-waiting': 'stopped' }
    const checks = `
- alarms: acme-
- alarms: [a, b]
- alarms: [c]
- logs: { group: /ecs/api, pattern: ERROR, at-most: 2 }
- sql: { query: select 1, at-least: captured }
- assets: https://www.acme.example/
- { assets: "https://www.acme.example/app/", origins: ["https://cdn.acme.example/"], timeout: 2s }
`
    const wrong = settings(given({ checks }), undefined).plan.problems
    expect(wrong.join()).toContain('origins.0: expected an origin')
    const { plan } = settings(given({ checks: checks.replace('example/"], t', 'example"], t') }), {
      ...(production as NonNullable<typeof production>),
      database: database as never,
    })
    expect(plan.problems).toEqual([])
    expect(plan.checks).toMatchObject([
      { name: 'alarms acme-', which: { prefix: 'acme-' } },
      { name: 'alarms', which: { names: ['a', 'b'] } },
      { name: 'alarms (2)', which: { names: ['c'] } },
      { name: 'logs /ecs/api', atMost: 2 },
      { name: 'sql', connection: 'secret:db', atLeast: { is: 'captured' } },
      { name: 'assets of www.acme.example', origins: ['https://www.acme.example'] },
      { origins: ['https://www.acme.example', 'https://cdn.acme.example'], timeout: 2_000 },
    ])
  })

  test.each([
    ['alarms: ""', '0.alarms'],
    ['alarms: []', '0.alarms'],
    ['alarms: [a, a]', 'without doubles'],
    ['alarms: 3', '0.alarms'],
    ['{ alarms: a, at-most: 1 }', 'at-most is not known'],
    ['logs: /ecs/api', '0.logs'],
    ['logs: { group: /ecs/api }', '0.logs.pattern'],
    ['logs: { group: "arn:aws:logs:x", pattern: E }', 'not its ARN'],
    ['logs: { group: a, pattern: "" }', '0.logs.pattern'],
    ['logs: { group: a, pattern: E, at-most: -1 }', '0.logs.at-most'],
    ['sql: select 1', '0.sql'],
    ['sql: { query: select 1 }', 'expected at-least, at-most or equals'],
    ['sql: { query: "", equals: 1 }', '0.sql.query'],
    ['sql: { query: select 1, at-least: many }', '0.sql.at-least'],
    ['sql: { query: select 1, above: 1 }', 'above is not known'],
    ['assets: www.acme.example', '0.assets'],
    ['assets: ftp://www.acme.example', '0.assets'],
    ['{ assets: "https://a.example", origins: [a.example] }', 'expected an origin'],
    ['{ assets: "https://a.example", timeout: soon }', '0.timeout'],
    ['{ assets: "https://a.example", headers: { "a b": x } }', 'a b is not a header name'],
  ])('refuse %s', (check, problem) => {
    const { plan } = settings(given({ checks: `- ${check}` }), undefined)
    expect(plan.problems.join('\n')).toContain(problem)
  })

  test('for a baseline are those of the environment', () => {
    const checks = production && configuredChecks(production)
    expect(checks?.checks.map(({ name }) => name)).toEqual(['api.acme.example/health', 'ecs'])
  })
})

describe('an input is refused', () => {
  test.each([
    ['mode', 'check'],
    ['expect', 'rolled-back'],
    ['consecutive', '1'],
    ['consecutive', 'three'],
    ['watch', '100ms'],
    ['watch', '13h'],
    ['released', 'a b'],
    ['released', 'a\n::x'],
    ['services', 'web,web'],
    ['services', 'we b'],
  ])('%s: %j', (name, value) => {
    expect(() => given({ [name]: value })).toThrow(name)
  })
})
