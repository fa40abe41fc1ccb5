import { orders } from '#chain'
import type { Profile } from '#store'
import { ownPath, readWorkflow, type Workflow, yamlFiles } from '../../scripts/workflows.ts'
import { allows } from '../support/chain/workflow.ts'
import {
  type Condition,
  faultsOf,
  holds,
  type Place,
  situationsOf,
  skeleton,
  undecided,
} from './conditions/situation.ts'
import { table } from './conditions/table.ts'

const rollback = readWorkflow('.github/workflows/rollback.yml')
const notification = readWorkflow('.github/workflows/rollback-notify.yml')
const notifying = readWorkflow('workflows-examples/notify.yml')

/** `success()` is false in a run that was cancelled and behind a job that failed; GitHub adds it to every `if:` without a status function. */
const starts = (job: object, inputs: object): boolean =>
  allows((job as { if?: string }).if, { contexts: { inputs, needs: {} }, failed: true })

test('a rollback starts, and goes on, in a run that was cancelled', () => {
  expect(starts(rollback.jobs.rollback ?? {}, { close: '', compromised: '' })).toBe(true)
})

/** Every workflow with a deployment and the job that decides about it: ours, and the examples. */
const sandwiches = ['.github/workflows/guarded-deploy.yml', ...yamlFiles('workflows-examples')]
  .map((file) => [file, readWorkflow(file)] as const)
  .filter(([, { jobs }]) => jobs.deploy !== undefined)

type Needed = { readonly needs?: string | readonly string[]; readonly if?: string }
const needsOf = ({ needs }: Needed) => [needs ?? []].flat()

describe.each(sandwiches)('%s', (_file, { jobs }: Workflow) => {
  const { preflight, deploy, rollback: undo } = jobs as Readonly<Record<string, Needed>>
  type End = 'success' | 'failure' | 'cancelled' | 'skipped'
  /** A job starts as GitHub says: after all that it needs has ended, and by its `if:`. */
  const begins = (job: Needed | undefined, ends: Readonly<Record<string, End>>): boolean => {
    const needs = Object.fromEntries(
      needsOf(job ?? {}).map((name) => [name, { result: ends[name], outputs: {} }]),
    )
    const failed = Object.values(needs).some(({ result }) => result !== 'success')
    return allows(job?.if, { contexts: { inputs: {}, needs }, failed })
  }

  test('asks for a preflight first, of the environment in which the rollback runs', () => {
    const { uses, with: given } = jobs.preflight ?? {}
    expect(ownPath(uses)).toBe('.github/workflows/preflight.yml')
    expect(needsOf(preflight ?? {})).toEqual([])
    const usual = "${{ inputs.rollback-environment || format('{0}-rollback', inputs.environment) }}"
    const asked = given?.['rollback-environment']
    const inside = asked === '${{ inputs.rollback-environment }}' ? usual : asked
    expect(jobs.rollback?.with?.['rollback-environment']).toBe(inside)
    expect(given?.environment).toBe(jobs.rollback?.with?.environment)
  })

  test.each<[End, boolean]>([
    ['success', true],
    ['failure', false],
    ['cancelled', false],
    ['skipped', false],
  ])('after a preflight that ended %s it deploys: %s', (end, expected) => {
    expect(begins(deploy, { preflight: end })).toBe(expected)
  })

  test.each<[End, End, boolean]>([
    ['success', 'success', true],
    ['success', 'failure', true],
    ['success', 'cancelled', true],
    ['success', 'skipped', true],
    ['failure', 'skipped', false],
    ['cancelled', 'skipped', false],
    ['skipped', 'skipped', false],
  ])('preflight %s, deployment %s: somebody decides about it: %s', (first, second, expected) => {
    expect(begins(undo, { preflight: first, deploy: second })).toBe(expected)
  })
})

test.each([
  ['rollback', { close: '', compromised: '', 'release-pin': '', list: false }],
  ['close', { close: 'production/1/rollback-1', compromised: '', 'release-pin': '', list: false }],
  [
    'close',
    {
      ...{ close: 'production/1/rollback-1', compromised: 'acme/jwt' },
      ...{ 'release-pin': 'b0b1c2d', list: true },
    },
  ],
  ['compromised', { close: '', compromised: 'acme/jwt', 'release-pin': '', list: false }],
  ['compromised', { close: '', compromised: 'acme/jwt', 'release-pin': 'b0b1c2d', list: true }],
  ['release', { close: '', compromised: '', 'release-pin': 'b0b1c2d', list: false }],
  ['release', { close: '', compromised: '', 'release-pin': 'b0b1c2d', list: true }],
  ['list', { close: '', compromised: '', 'release-pin': '', list: true }],
])('one run does one thing: %s with %j', (job, inputs) => {
  const begun = Object.entries(rollback.jobs).filter(([, one]) => starts(one, inputs))
  expect(begun.map(([name]) => name)).toEqual([job])
})

test('a person’s close is done even when nothing before it succeeded', () => {
  expect(starts(rollback.jobs.close ?? {}, { close: 'production/1/rollback-1' })).toBe(true)
})

describe('who must know is told', () => {
  const record = 'production/1/rollback-1'

  test.each([
    ['went well', 'success', record, true],
    ['failed', 'failure', record, true],
    ['was cancelled', 'cancelled', record, true],
    ['was not needed', 'success', '', false],
    ['was refused before it began', 'failure', '', false],
    ['never ran', 'skipped', '', false],
  ])('after a rollback that %s', (_name, result, id, told) => {
    const needs = { rollback: { result, outputs: { record: id } } }
    const { if: condition } = notifying.jobs.notify as { readonly if?: string }
    for (const failed of [true, false])
      expect(allows(condition, { contexts: { needs }, failed })).toBe(told)
  })

  test('also inside the called workflow, whose own condition would see the red run', () => {
    expect(starts(notification.jobs.notify ?? {}, {})).toBe(true)
  })
})

describe('the steps of a rollback', () => {
  const step = (id: string) =>
    (rollback.jobs.rollback?.steps ?? []).find((one) => (one as { id?: string }).id === id)
  type Ended = 'success' | 'failure' | 'skipped'
  const ended = (outcome: Ended, outputs: object = {}) => ({ outcome, outputs })
  const all = {
    ...{ stop: 'true', migrations: 'true', config: 'true', restore: 'true', code: 'true' },
    ...{ readers: 'true', start: 'true', site: 'last', verify: 'true' },
  }
  /** Whether a step runs after the steps before it ended as given. */
  const runs = (id: string, steps: object): boolean => {
    const before = {
      plan: ended('success', all),
      open: ended('success', { record: 'p/1/rollback-1' }),
      ...steps,
    }
    const failed = Object.values(before).some(({ outcome }) => outcome === 'failure')
    return allows((step(id) as { if?: string }).if, {
      contexts: { inputs: {}, steps: before },
      failed,
    })
  }
  const good = ended('success')
  const cutOver = { 'connection-version': 'v2' }

  test.each<[string, Ended, object, boolean]>([
    ['was cut over', 'success', cutOver, true],
    ['was cut over and lacks a setting', 'failure', cutOver, true],
    ['came to nothing', 'failure', {}, false],
    ['was killed', 'skipped', {}, false],
  ])('services go back only to a database that %s', (_name, outcome, outputs, expected) => {
    const steps = { stop: good, restore: ended(outcome, outputs) }
    expect(runs('code', steps)).toBe(expected)
    expect(runs('start', { ...steps, code: good })).toBe(expected)
    expect(runs('verify', { ...steps, code: good, start: good })).toBe(expected)
  })

  test.each(['stop', 'code', 'start'])('nothing is verified after %s failed', (failed) => {
    const steps = {
      stop: good,
      restore: ended('success', cutOver),
      code: good,
      start: good,
      [failed]: ended('failure'),
    }
    expect(runs('verify', steps)).toBe(false)
  })

  test('no database is restored while a writer may still write', () => {
    expect(runs('restore', { stop: ended('failure') })).toBe(false)
    expect(runs('restore', { stop: good })).toBe(true)
  })

  test('without a record nothing runs', () => {
    const none = {
      open: ended('failure'),
      stop: good,
      restore: ended('success', cutOver),
      code: good,
      start: good,
    }
    expect(['stop', 'restore', 'code', 'start', 'verify'].filter((id) => runs(id, none))).toEqual(
      [],
    )
  })

  test.each(Object.entries(orders))(
    'stand in the file in the order of profile %s',
    (name, order) => {
      const profile = name as Profile
      const place = profile === 'B' || profile === 'C' ? 'last' : 'first'
      const plan = Object.fromEntries(order.map((one) => [one, 'true']))
      const config = ended('success', { readers: 'api' })
      const steps = {
        plan: ended('success', { ...plan, ...(order.includes('site') && { site: place }) }),
        config,
        restore: ended('success', cutOver),
      }
      const ids = (rollback.jobs.rollback?.steps ?? []).flatMap(
        (one) => (one as { id?: string }).id ?? [],
      )
      const words = (id: string) => id.replace(/^site-(first|last)$/, 'site')
      const begun = ids.filter((id) => order.includes(words(id) as never) && runs(id, steps))
      expect(begun.map(words)).toEqual(order)
      expect(begun.filter((id) => id.startsWith('site'))).toEqual([`site-${place}`])
    },
  )

  test('a front end or a configuration that cannot go back keeps no service from going back', () => {
    const failed = { 'site-first': ended('failure'), config: ended('failure') }
    expect(runs('code', { ...failed, plan: ended('success', { code: 'true' }) })).toBe(true)
  })

  test('no older code is started on a schema that did not go back', () => {
    const steps = { stop: good, migrations: ended('failure') }
    const plan = ended('success', { ...all, restore: 'false' })
    expect(
      ['config', 'code', 'readers', 'start', 'site-last', 'verify'].filter((id) =>
        runs(id, { ...steps, plan }),
      ),
    ).toEqual([])
  })

  test('nobody is restarted when no service reads what changed', () => {
    const steps = { restore: ended('success', cutOver), config: ended('success', { readers: '' }) }
    expect(runs('readers', steps)).toBe(false)
  })
})

interface Conditional {
  readonly if?: string | boolean
  readonly id?: string
  readonly name?: string
  readonly uses?: string
  readonly run?: string
  readonly needs?: string | readonly string[]
  readonly steps?: readonly Conditional[]
}

const ofRun = ['success', 'failure', 'cancelled'] as const

/** Every `if:` of a workflow, of its jobs and of their steps. */
function conditionsOf(file: string): readonly Place[] {
  const jobs = Object.entries(readWorkflow(file).jobs as Readonly<Record<string, Conditional>>)
  const found = jobs.flatMap(([name, job]) => {
    const befores = job.needs === undefined ? ofRun : ([...ofRun, 'timed out', 'skipped'] as const)
    const steps = (job.steps ?? []).map((step) => ({
      name: `${file} ${name} ${step.id ?? step.name ?? step.uses ?? step.run}`,
      ...{ text: step.if, befores: ofRun },
    }))
    return [{ name: `${file} ${name}`, text: job.if, befores }, ...steps]
  })
  return found.flatMap(({ text, ...rest }) =>
    text === undefined ? [] : [{ ...rest, text: String(text) }],
  )
}

describe('the truth table', () => {
  const places = [...yamlFiles('.github/workflows'), ...yamlFiles('workflows-examples')].flatMap(
    conditionsOf,
  )
  const known = places.filter(({ name }) => name in table)

  test('has every `if:` of the workflows and examples, each under a name of its own, and no other', () => {
    const missing = places.filter(({ name }) => !(name in table)).map(skeleton)
    expect(missing).toEqual([])
    expect(Object.keys(table).sort()).toEqual(places.map(({ name }) => name).sort())
  })

  test.each(known)('of $name shows what each name in it is there for', (place) => {
    expect(faultsOf(place, table[place.name] as Condition)).toEqual([])
  })

  test.each(known)('of $name is what GitHub’s own evaluator says', ({ name, text }) => {
    const rows = situationsOf(table[name] as Condition)
    const said = rows.map((row) => ({ ...row, holds: holds(text, row) }))
    expect(said).toEqual(rows)
  })

  const one: Condition = {
    given: { 'inputs.a': 'x', 'steps.b.outcome': 'success' },
    after: { success: true, failure: false, cancelled: false },
    rows: [['another a', { 'inputs.a': 'y' }, false]],
  }
  const text = "${{ inputs.a == 'x' && steps.b.outcome != 'failure' }}"
  const place = { name: 'x.yml job', text, befores: ofRun }

  test.each<[string, Place, Condition, readonly string[]]>([
    [
      'a name that no row changes',
      place,
      one,
      ['rows: none in which steps.b.outcome alone decides'],
    ],
    [
      'a name that is new in the condition',
      { ...place, text: `${text} && inputs.new` },
      one,
      [
        'given: no value for inputs.new',
        'rows: none in which steps.b.outcome alone decides',
        'rows: none in which inputs.new alone decides',
      ],
    ],
    [
      'a name that went away',
      { ...place, text: "${{ inputs.a == 'x' }}" },
      one,
      ['given: steps.b.outcome is not in the condition any more'],
    ],
    [
      'a way in which the jobs before may have ended',
      { ...place, text: "${{ inputs.a == 'x' }}", befores: [...ofRun, 'skipped'] },
      { ...one, given: { 'inputs.a': 'x' } },
      ['after: does it hold after skipped?'],
    ],
  ])('finds %s', (_what, given, condition, faults) => {
    expect(faultsOf(given, condition)).toEqual(faults)
  })

  test('finds an answer that GitHub does not give', () => {
    const rows = situationsOf({ ...one, after: { failure: true } })
    expect(rows.map((row) => holds(text, row) === row.holds)).toEqual([false, true])
    expect(undecided(text, one)).toEqual(['steps.b.outcome'])
  })

  test('says what to add for an `if:` that nobody proved', () => {
    expect(skeleton(place)).toContain("given: { 'inputs.a': '', 'steps.b.outcome': '' }")
  })
})
