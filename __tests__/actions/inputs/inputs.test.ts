import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { actionNames } from '../../../scripts/actions.ts'
import { runBundle } from '../../support/bundle.ts'

/** Nothing listens there: a call would end as a network error instead of a list of wrong inputs. */
const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9', AWS_REGION: 'us-east-1' }

const common = {
  environment: '../production',
  store: 'acme-rollback',
  'dry-run': 'perhaps',
  timeout: '10 minutes',
  'poll-interval': '0s',
  region: 'moon',
  'role-to-assume': 'rollback',
  'allowed-account-ids': '123, 456',
}
const shared = [
  'environment: expected letters',
  'store: expected s3://',
  'dry-run: expected true or false',
  'timeout: expected a duration',
  'poll-interval: expected a duration',
  'region: expected a region',
  'role-to-assume: expected the ARN',
  'allowed-account-ids: expected 12-digit',
]

/** Bad inputs of each action's own, and what is said of each. */
const own: { readonly [action: string]: readonly (readonly [string, string, string])[] } = {
  'config-rollback': [
    ['mode', 'restore', 'mode: expected one of'],
    ['reason', 'leaked', 'reason: expected one of'],
    ['secrets', 'arn:aws:secretsmanager:x', 'secrets: expected names of secrets, no ARNs'],
    ['parameters', 'acme/', 'parameters: expected names of parameters, or /paths/'],
  ],
  'ecs-rollback': [
    ['mode', 'undo', 'mode: expected one of'],
    ['cluster', 'prod;ls', 'cluster: expected letters'],
    ['services', 'web: a b', 'services: expected a map of names'],
    ['to', 'last-verifed', 'did you mean last-verified?'],
    ['min-grade', 'good', 'min-grade: expected one of G3, G2, G1, G0'],
    ['min-soak', '1 day', 'min-soak: expected a duration'],
    ['bad-deployment', 'web', 'bad-deployment: expected the id or the ARN'],
    ['require-all', 'sure', 'require-all: expected true or false'],
  ],
  'migration-revert': [['mode', 'down', 'mode: expected']],
  preflight: [
    ['rollback-environment', 'x'.repeat(300), 'rollback-environment: expected'],
    ['consent-environment', 'x'.repeat(300), 'consent-environment: expected'],
  ],
  'rds-snapshot-guard': [['mode', 'prune', 'mode: expected one of']],
  'restore-point': [
    ['mode', 'take', 'mode: expected one of'],
    ['point', 'during', 'point: expected one of'],
  ],
  'rollback-plan': [
    ['verdict', 'fine', 'verdict: expected one of'],
    ['asked', 'please', 'asked: expected true or false'],
    ['resume', 'please', 'resume: expected true or false'],
  ],
  'rollback-report': [
    ['mode', 'end', 'mode: expected one of'],
    ['settle', 'a while', 'settle: expected a duration'],
    ['ticket', 'please', 'ticket: expected true or false'],
    ['assignees', 'a b', 'assignees: expected logins'],
  ],
  'run-script': [['migrates', 'sure', 'migrates: expected true or false']],
  's3-frontend-restore': [
    ['mode', 'undo', 'mode: expected one of'],
    ['bucket', 'My_Bucket', 'bucket: expected the name of a bucket'],
    ['prefix', '/app', 'prefix: expected a folder'],
    ['distribution', 'd111.cloudfront.net', 'distribution: expected the id'],
    ['record', 'latest', 'record: expected <environment>/'],
    ['created', 'delete', 'created: expected one of'],
    ['without-index', 'yes', 'without-index: expected true or false'],
    ['url', 'www.acme.example', 'url: expected the address'],
  ],
  'verify-health': [
    ['mode', 'guess', 'mode: expected one of'],
    ['expect', 'hope', 'expect: expected one of'],
  ],
}

test('every action has a row of bad inputs of its own', () => {
  expect(Object.keys(own).sort()).toEqual([...actionNames()].sort())
})

test.each(actionNames())('%s names all bad inputs at once, before any call', async (name) => {
  const rows = own[name] ?? []
  const inputs = { ...common, ...Object.fromEntries(rows.map(([input, value]) => [input, value])) }
  const ended = await runBundle(name, { inputs, env })
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
  for (const message of [...shared, ...rows.map(([, , message]) => message)])
    expect(ended.log).toContain(message)
  expect(ended.log).not.toContain('ECONNREFUSED')
  expect(ended.summary).toContain('nothing was changed')
})

test('what inputs say together is wrong in the same list as the inputs themselves', async () => {
  const inputs = {
    ...{ mode: 'stop', services: 'web,web', to: 'web:1', 'require-all': 'true' },
    ...{ timeout: '13h', 'bad-deployment': 'abcdefghijklmnopqrstu' },
  }
  const ended = await runBundle('ecs-rollback', { inputs, env })
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
  expect(ended.log).toContain('ecs-rollback: failed: 6 inputs are wrong; nothing was changed')
  for (const problem of [
    ...['timeout: expected a duration from 1s to 12h', 'services: expected names without doubles'],
    ...['cluster: give it', 'to: mode stop has no destination'],
    ...['bad-deployment: mode stop has no destination', 'require-all: mode stop has no'],
  ])
    expect(ended.log).toContain(problem)
  expect(ended.log).not.toContain('services: give them')
})

function repository(config: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'repository-'))
  mkdirSync(join(folder, '.github'))
  writeFileSync(join(folder, '.github/rollback.yml'), config)
  return folder
}

test('a configuration file that is wrong in several places is told so once', async () => {
  const cwd = repository(
    'version: 1\nstore: acme\nenvironments:\n  production:\n    region: x\n    account: 12\n    terraform: {}\n',
  )
  const { log } = await runBundle('rollback-plan', {
    inputs: { environment: 'production' },
    env,
    cwd,
  })
  for (const where of [
    'store: ',
    'environments.production.region',
    'environments.production.account',
    'terraform is not known here',
  ]) {
    expect(log).toContain(where)
  }
})

test('an environment that the file does not have is answered with those it has', async () => {
  const cwd = repository(
    'version: 1\nstore: s3://acme-rollback\nenvironments:\n  staging: { region: us-east-1, account: "123456789012" }\n',
  )
  const { log } = await runBundle('restore-point', {
    inputs: { environment: 'production' },
    env,
    cwd,
  })
  expect(log).toContain('has no environment production (it has staging)')
})

test('hostile inputs cannot become workflow commands or Markdown', async () => {
  const inputs = {
    environment: '::error::x',
    to: '%0A::set-output name=a::b',
    region: '<img src=x>|`',
  }
  const { log, summary } = await runBundle('rollback-plan', { inputs, env })
  const commands = log.split('\n').filter((line) => line.startsWith('::'))
  expect(commands.every((line) => line.startsWith('::error title=rollback-plan'))).toBe(true)
  expect(summary.replace(/^(```+)text\n[\s\S]*?\n\1$/gm, '')).not.toMatch(/<img/)
})
