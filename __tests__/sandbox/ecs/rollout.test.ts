import {
  type Decision,
  decide,
  type Situation,
  type TaskView,
} from '../../../packages/sandbox/ecs/rollout.ts'

/** `P` primary, `o` old; then `s` starting, `g` good, `f` failed, `w` running but not yet known, `x` stopping. */
function tasks(text: string): TaskView[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((word, order) => {
      const [kind, state] = word
      const health = state === 'g' ? 'good' : state === 'f' ? 'failed' : 'pending'
      const phase = state === 's' ? 'starting' : state === 'x' ? 'stopping' : 'running'
      return { id: String(order), order, phase, health, primary: kind === 'P' } as const
    })
}

function decided(text: string, more: Partial<Situation> = {}): string {
  const { start, stop, stuck }: Decision = decide({
    desired: 2,
    minimumHealthyPercent: 100,
    maximumPercent: 200,
    launching: true,
    rollingOut: true,
    tasks: tasks(text),
    ...more,
  })
  const ids = (cause: string) => stop.filter((one) => one.cause === cause).map((one) => one.id)
  return [
    `start ${start}`,
    ...(ids('scaling').length ? [`stop ${ids('scaling').join()}`] : []),
    ...(ids('health').length ? [`kill ${ids('health').join()}`] : []),
    ...(stuck ? ['stuck'] : []),
  ].join(' ')
}

describe('a rolling deployment', () => {
  test.each([
    ['a new service starts everything', '', {}, 'start 2'],
    ['new tasks start beside the old ones', 'og og', {}, 'start 2'],
    ['old tasks stay while the new ones are not healthy', 'og og Ps Pw', {}, 'start 0'],
    ['one healthy new task releases the oldest old one', 'og og Pg Ps', {}, 'start 0 stop 0'],
    ['two healthy new tasks release both', 'og og Pg Pg', {}, 'start 0 stop 0,1'],
    ['stopping tasks take no room', 'og og Px Px', {}, 'start 2'],
    ['old tasks that are not healthy go at once', 'og os', {}, 'start 2 stop 1'],
    ['a failed new task is replaced at once', 'og og Pf Pw', {}, 'start 1 kill 2'],
    ['nothing starts while launches are paused', 'og og', { launching: false }, 'start 0'],
    ['a paused rollout still stops what failed', 'og Pf', { launching: false }, 'start 0 kill 1'],
    ['half may go first', 'og og', { minimumHealthyPercent: 50 }, 'start 2 stop 0'],
    [
      'with 50/100 one goes before one comes',
      'og og',
      { minimumHealthyPercent: 50, maximumPercent: 100 },
      'start 1 stop 0',
    ],
    [
      'the maximum is rounded down, the minimum up: one task of 100/150 cannot move',
      'og',
      { desired: 1, maximumPercent: 150 },
      'start 0 stuck',
    ],
    ['desired count 0 stops everything', 'og Pg Ps', { desired: 0 }, 'start 0 stop 2,1,0'],
  ])('%s', (_, text, more, expected) => {
    expect(decided(text, more)).toBe(expected)
  })
})

describe('a steady service', () => {
  const steady = { rollingOut: false }
  test.each([
    ['does nothing when all is well', 'Pg Pg', {}, 'start 0'],
    ['replaces what is gone', 'Pg Px', {}, 'start 1'],
    ['stops the youngest when it is scaled in', 'Pg Pg Pg', {}, 'start 0 stop 2'],
    ['stops first what is not healthy when it is scaled in', 'Pg Ps Pg', {}, 'start 0 stop 1'],
    ['starts a replacement before it stops an unhealthy task', 'Pg Pf', {}, 'start 1'],
    ['waits for the replacement', 'Pg Pf Ps', {}, 'start 0'],
    ['stops the unhealthy task when the replacement is good', 'Pg Pf Pg', {}, 'start 0 kill 1'],
    ['without room stops one by one', 'Pf Pf', { maximumPercent: 100 }, 'start 1 kill 0'],
  ])('%s', (_, text, more, expected) => {
    expect(decided(text, { ...steady, ...more })).toBe(expected)
  })

  test('whose deployment failed without rollback keeps its old tasks', () => {
    expect(decided('og og Pw', { rollingOut: false, launching: false })).toBe('start 0')
  })
})
