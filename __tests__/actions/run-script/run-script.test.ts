import { chmodSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runBundle } from '../../support/bundle.ts'

const env = { AWS_REGION: 'us-east-1' }

function repository(script: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'repository-'))
  writeFileSync(join(folder, 'deploy'), script)
  chmodSync(join(folder, 'deploy'), 0o755)
  return folder
}
const run = (script: string, inputs: Record<string, string> = {}) => {
  const cwd = repository(script)
  return runBundle('run-script', {
    inputs: { script: 'deploy', 'poll-interval': '10ms', ...inputs },
    env,
    cwd,
  }).then((ended) => ({ ...ended, cwd }))
}

test('a script gets its variables, and they show nowhere', async () => {
  const secret = 'pa ss|w0rd"with$signs'
  const script =
    '#!/bin/sh\nprintf %s "$TOKEN" > got\necho "token is $TOKEN"\nenv | grep INPUT_ | wc -l > inputs\n'
  const ended = await run(script, { 'script-env': `TOKEN='${secret}'\nOTHER=second-secret` })
  expect(ended.code).toBe(0)
  expect(readFileSync(join(ended.cwd, 'got'), 'utf8')).toBe(secret)
  expect(readFileSync(join(ended.cwd, 'inputs'), 'utf8').trim()).toBe('0')
  const everything = [ended.log, ended.summary, ended.report, JSON.stringify(ended.outputs)].join(
    '\n',
  )
  expect(everything).not.toContain(secret)
  expect(everything).toContain('token is ***')
})

const hidden = {
  JSON_SECRET: '{"user":"ada","password":"battery-staple-9"}',
  LINES: 'first line of a key\nsecond line of a key',
  DATABASE_URL: 'postgres://ada:p%40ss/w0rd-3@db.acme.example:5432/acme',
  TOKEN: 'plain-token-with/slash+plus',
}

/** Everything that could be read of them, however it was spelled. */
const spelledOut = [
  ...Object.values(hidden),
  ...['battery-staple-9', 'first line of a key', 'second line of a key', 'p%40ss/w0rd-3'],
].flatMap((one) => [one, encodeURIComponent(one), Buffer.from(one).toString('base64')])

test.each([
  ['', {}],
  [
    ' with debug logging on',
    { ACTIONS_STEP_DEBUG: 'true', ACTIONS_RUNNER_DEBUG: 'true', RUNNER_DEBUG: '1' },
  ],
])(
  'secrets as JSON, of several lines, in base64, in an address and in the environment show nowhere%s',
  async (_, debug) => {
    const script = [
      '#!/bin/sh',
      'env',
      'for one in "$JSON_SECRET" "$LINES" "$DATABASE_URL" "$TOKEN"; do',
      '  printf %s "$one" | base64 -w0; echo',
      '  printf "user:%s" "$one" | base64 -w0; echo',
      'done',
      'echo "the password is battery-staple-9"',
      'echo "could not connect to $DATABASE_URL" >&2',
      'exit 1',
    ].join('\n')
    const quoted = Object.entries(hidden).map(([name, value]) => `${name}='${value}'`)
    const ended = await runBundle('run-script', {
      inputs: { script: 'deploy', 'poll-interval': '10ms', 'script-env': quoted.join('\n') },
      env: { ...env, ...debug, GITHUB_ACTIONS: 'true' },
      cwd: repository(script),
    })
    expect(ended.code).toBe(1)
    // The runner takes these lines for itself: they tell it what to mask.
    const log = ended.log.split('\n').filter((line) => !line.startsWith('::add-mask::'))
    const all = [...log, ended.summary, ended.report, JSON.stringify(ended.outputs)].join('\n')
    expect(spelledOut.filter((one) => all.includes(one))).toEqual([])
    expect(all).toContain('the password is ***')
  },
)

test.each([
  ['exits with 3', '#!/bin/sh\nexit 3\n', /deploy exited with 3/],
  ['is killed', '#!/bin/sh\nkill -9 $$\n', /deploy was ended by SIGKILL/],
  ['has no interpreter', '#!/nonexistent/shell\n', /could not be started/],
])('a script that %s fails the step', async (_name, script, message) => {
  const ended = await run(script)
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'failed' } })
  expect(ended.log).toMatch(message)
})

test('a script that runs too long is ended with everything it started', async () => {
  const ended = await run('#!/bin/sh\nsleep 60 &\necho $! > child\nwait\n', { timeout: '1s' })
  expect(ended.log).toMatch(/still running after 1\.\d s and was ended/)
  const child = Number(readFileSync(join(ended.cwd, 'child'), 'utf8'))
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(isAlive(child)).toBe(false)
})

test('cancelled, it leaves no script behind that goes on changing things, and says the state within two seconds', async () => {
  const cwd = repository(
    "#!/bin/sh\ntrap '' TERM INT\necho $$ > pid\necho deploying\nwhile true; do date +%s%N > alive; sleep 0.05; done\n",
  )
  let cancelled = 0
  const ended = await runBundle('run-script', {
    ...{ inputs: { script: 'deploy', 'poll-interval': '10ms' }, env, cwd },
    onStart: (child) =>
      child.stdout?.on('data', (part: Buffer) => {
        if (cancelled > 0 || !part.toString().includes('deploying')) return
        cancelled = performance.now()
        child.kill('SIGINT')
      }),
  })
  const took = performance.now() - cancelled
  expect(took).toBeLessThan(2000)
  expect(ended).toMatchObject({ code: 1, outputs: { outcome: 'inconclusive' } })
  expect(ended.summary).toMatch(/ended by SIGINT in the middle of: deploying/)
  const alive = () => readFileSync(join(cwd, 'alive'), 'utf8')
  expect(isAlive(Number(readFileSync(join(cwd, 'pid'), 'utf8')))).toBe(false)
  const before = alive()
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(alive()).toBe(before)
})

/** A process that ended and waits for its parent to notice is not alive. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

test.each([
  ['outside the repository', { script: '../deploy' }, /expected a path inside the repository/],
  ['with an absolute path', { script: '/bin/true' }, /expected a path inside the repository/],
  ['that is not there', { script: 'migrate' }, /migrate is not an executable file/],
  ['that migrates without a database', { migrates: 'true' }, /the configuration names none/],
])('a script %s is refused before anything runs', async (_name, inputs, message) => {
  const ended = await run('#!/bin/sh\ntouch ran\n', inputs)
  expect(ended.code).toBe(1)
  expect(ended.log).toMatch(message)
})

test('nothing to run is said, not failed', async () => {
  expect(await run('', { script: '' })).toMatchObject({
    code: 0,
    outputs: { outcome: 'unchanged' },
  })
})

test('a dry run only looks', async () => {
  const ended = await run('#!/bin/sh\ntouch ran\n', { 'dry-run': 'true' })
  expect(ended.outputs.outcome).toBe('planned')
  expect(() => readFileSync(join(ended.cwd, 'ran'))).toThrow('ENOENT')
})
