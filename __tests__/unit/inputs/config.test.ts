import { parseConfig } from '#inputs'

const whole = `
version: 1
store: s3://acme-rollback/production
environments:
  production:
    region: us-east-1
    account: "123456789012"
    role: arn:aws:iam::123456789012:role/rollback
    services:
      cluster: acme-production
      names: [api-gateway, event-processor]
    database:
      connection: secret:acme/production/database-url
    migrations: { tool: dbmate, path: database/migrations }
    checks:
      - http: https://api.acme.example/health
        version: { json: .commit }
      - ecs: true
    watch: 15m
`

test('a whole file parses, with the defaults of its missing parts', () => {
  const parsed = parseConfig(whole)
  expect('config' in parsed && parsed.config.environments.production).toMatchObject({
    database: { 'data-restore': 'ask', 'while-waiting': 'stopped' },
    'on-inconclusive': 'hold',
    checks: [{ method: 'GET', status: 200, timeout: '5s' }, { ecs: true }],
  })
})

const layer = (n: number) =>
  `a${n}: &a${n} [${Array(9)
    .fill(`*a${n - 1}`)
    .join(', ')}]`
const bomb = ['a0: &a0 [x]', ...[1, 2, 3, 4, 5, 6].map(layer)].join('\n')

const broken: [string, string, RegExp][] = [
  ['another version', whole.replace('version: 1', 'version: 2'), /^version: /],
  [
    'a number for the account',
    whole.replace('"123456789012"', '123456789012'),
    /account: .*string/,
  ],
  ['a misspelt key', whole.replace('watch:', 'wach:'), /production: wach is not known/],
  [
    'what is not built yet',
    `${whole}    terraform: { root: infra }\n`,
    /production: terraform is not known here \(or not supported yet\)/,
  ],
  [
    'a check that is not built yet',
    whole.replace('- ecs: true', '- browser: acme-'),
    /checks\.1: browser is not known/,
  ],
  ['a bad duration', whole.replace('15m', 'fifteen'), /watch: expected a duration/],
  [
    'a connection that is no secret',
    whole.replace('secret:acme', 'env:acme'),
    /connection: expected secret:/,
  ],
  [
    'a bad status',
    whole.replace('version: { json: .commit }', 'status: 2000'),
    /checks\.0\.status/,
  ],
  ['no YAML', 'version: [', /./],
  ['an alias bomb', bomb, /expected object/],
]
test.each(broken)('%s is a problem with its path', (_name, text, message) => {
  const parsed = parseConfig(text)
  expect('problems' in parsed ? parsed.problems.join('\n') : 'no problem').toMatch(message)
})

test('several problems are listed at once', () => {
  const parsed = parseConfig(
    whole.replace('15m', 'x').replace('us-east-1', 'mars').replace('wach', ''),
  )
  expect('problems' in parsed && parsed.problems.length).toBe(2)
})
