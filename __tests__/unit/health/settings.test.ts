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
