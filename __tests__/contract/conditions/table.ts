import type { Condition, Row, Values } from './situation.ts'

/**
 * The truth table of every `if:`, by file, job and step (its id, or its name). A row differs from what is given; whoever adds an
 * `if:` adds its table, and the test says what is missing.
 */

const whatever = { success: true, failure: true, cancelled: true }
const untilCancelled = { success: true, failure: true, cancelled: false }
const onlyAfterSuccess = { success: true, failure: false, cancelled: false }

/** A job behind a deployment, which decides whatever became of it. */
const always: Condition = {
  given: {},
  after: { ...whatever, 'timed out': true, skipped: true },
  rows: [],
}

/** The same behind a preflight: where that did not pass, nothing was deployed. */
const deployed: Condition = {
  given: { 'needs.preflight.result': 'success' },
  after: always.after,
  rows: ['failure', 'cancelled', 'skipped'].map((result) => [
    `the preflight ended as ${result}`,
    { 'needs.preflight.result': result },
    false,
  ]),
}

/** The next environment, only behind one that was verified. */
const verified = (first: string): Condition => ({
  given: { [`needs.${first}.outputs.verdict`]: 'healthy' },
  after: { ...onlyAfterSuccess, 'timed out': false, skipped: false },
  rows: ['unhealthy', 'inconclusive', 'error', ''].map((verdict) => [
    `the verdict before is "${verdict}"`,
    { [`needs.${first}.outputs.verdict`]: verdict },
    false,
  ]),
})

/** Steps of a rollback, which go on after a failure and end with the job that is cancelled. */
const step = (given: Values, rows: readonly Row[]): Condition => ({
  given: { 'steps.open.outputs.record': 'production/1/rollback-1', ...given },
  after: untilCancelled,
  rows: [['no record was opened', { 'steps.open.outputs.record': '' }, false], ...rows],
})

const planned = (what: string): Row => [
  'the plan does not ask for it',
  { [`steps.plan.outputs.${what}`]: 'false' },
  false,
]

/** What another step must not have ended as; that it was not needed is no objection. */
const unless = (...ids: readonly string[]) => ({
  given: Object.fromEntries(ids.map((id) => [`steps.${id}.outcome`, 'success'])),
  rows: ids.flatMap((id): readonly Row[] => [
    [`${id} failed`, { [`steps.${id}.outcome`]: 'failure' }, false],
    [`${id} was not needed`, { [`steps.${id}.outcome`]: 'skipped' }, true],
  ]),
})

/** What runs on the database comes after the database, where one is restored. */
const database = {
  given: {
    'steps.plan.outputs.restore': 'true',
    'steps.restore.outputs.connection-version': 'v2',
  },
  rows: [
    ['the restore came to nothing', { 'steps.restore.outputs.connection-version': '' }, false],
    [
      'no database is restored',
      { 'steps.plan.outputs.restore': 'false', 'steps.restore.outputs.connection-version': '' },
      true,
    ],
  ] as const satisfies readonly Row[],
}

const rollback = {
  stop: unless('stop'),
  behindStop: unless('stop', 'migrations'),
  behindCode: unless('code', 'migrations'),
  behindAll: unless('stop', 'code', 'readers', 'start', 'migrations'),
}

/** One run of the button does one thing: what it is asked for, the first of these that is. */
const one = {
  given: {
    ...{ 'inputs.close': '', 'inputs.compromised': '', 'inputs.release-pin': '' },
    'inputs.list': false,
  },
  close: ['a record is closed by hand', { 'inputs.close': 'production/1/rollback-1' }, false],
  compromised: ['secrets leaked', { 'inputs.compromised': 'acme/jwt' }, false],
  release: ['a pin is released', { 'inputs.release-pin': 'b0b1c2d' }, false],
  list: ['restore points are listed', { 'inputs.list': true }, false],
} as const satisfies Readonly<Record<string, Row | Values>>
const { 'inputs.list': _list, ...exceptList } = one.given

export const table: Readonly<Record<string, Condition>> = {
  '.github/workflows/guarded-deploy.yml rollback': deployed,

  '.github/workflows/rollback-notify.yml notify': {
    given: {},
    after: whatever,
    rows: [],
  },

  '.github/workflows/rollback.yml rollback': {
    given: one.given,
    after: whatever,
    rows: [one.close, one.compromised, one.release, one.list],
  },
  '.github/workflows/rollback.yml rollback Mark the release verified': {
    given: { 'steps.plan.outputs.decision': 'verify', 'inputs.dry-run': false },
    after: onlyAfterSuccess,
    rows: [
      ['it goes back', { 'steps.plan.outputs.decision': 'roll-back' }, false],
      ['it is held', { 'steps.plan.outputs.decision': 'hold' }, false],
      ['a dry run', { 'inputs.dry-run': true }, false],
    ],
  },
  '.github/workflows/rollback.yml rollback open': {
    given: { 'steps.plan.outputs.decision': 'roll-back', 'inputs.dry-run': false },
    after: onlyAfterSuccess,
    rows: [
      ['it is healthy', { 'steps.plan.outputs.decision': 'verify' }, false],
      ['nothing is known', { 'steps.plan.outputs.decision': '' }, false],
      ['a dry run', { 'inputs.dry-run': true }, false],
    ],
  },
  '.github/workflows/rollback.yml rollback site-first': step(
    { 'steps.plan.outputs.site': 'first' },
    [
      ['the front end goes last', { 'steps.plan.outputs.site': 'last' }, false],
      ['the front end stays', { 'steps.plan.outputs.site': '' }, false],
    ],
  ),
  '.github/workflows/rollback.yml rollback stop': step({ 'steps.plan.outputs.stop': 'true' }, [
    planned('stop'),
  ]),
  '.github/workflows/rollback.yml rollback migrations': step(
    { 'steps.plan.outputs.migrations': 'true', ...rollback.stop.given },
    [planned('migrations'), ...rollback.stop.rows],
  ),
  '.github/workflows/rollback.yml rollback config': step(
    { 'steps.plan.outputs.config': 'true', ...rollback.behindStop.given },
    [planned('config'), ...rollback.behindStop.rows],
  ),
  '.github/workflows/rollback.yml rollback restore': step(
    { 'steps.plan.outputs.restore': 'true', ...rollback.stop.given },
    [planned('restore'), ...rollback.stop.rows],
  ),
  '.github/workflows/rollback.yml rollback code': step(
    { 'steps.plan.outputs.code': 'true', ...rollback.behindStop.given, ...database.given },
    [planned('code'), ...rollback.behindStop.rows, ...database.rows],
  ),
  '.github/workflows/rollback.yml rollback readers': step(
    {
      'steps.plan.outputs.readers': 'true',
      'steps.config.outputs.readers': 'api',
      ...rollback.behindStop.given,
      ...database.given,
    },
    [
      planned('readers'),
      ['no service reads what changed', { 'steps.config.outputs.readers': '' }, false],
      ...rollback.behindStop.rows,
      ...database.rows,
    ],
  ),
  '.github/workflows/rollback.yml rollback start': step(
    { 'steps.plan.outputs.start': 'true', ...rollback.behindCode.given, ...database.given },
    [planned('start'), ...rollback.behindCode.rows, ...database.rows],
  ),
  '.github/workflows/rollback.yml rollback site-last': step(
    { 'steps.plan.outputs.site': 'last', ...rollback.behindStop.given, ...database.given },
    [
      ['the front end went first', { 'steps.plan.outputs.site': 'first' }, false],
      ...rollback.behindStop.rows,
      ...database.rows,
    ],
  ),
  '.github/workflows/rollback.yml rollback verify': step(
    { 'steps.plan.outputs.verify': 'true', ...rollback.behindAll.given, ...database.given },
    [planned('verify'), ...rollback.behindAll.rows, ...database.rows],
  ),
  '.github/workflows/rollback.yml rollback after': {
    given: { 'steps.verify.outputs.verdict': 'healthy' },
    after: untilCancelled,
    rows: ['unhealthy', 'inconclusive', 'error', ''].map((verdict) => [
      `the verdict is "${verdict}"`,
      { 'steps.verify.outputs.verdict': verdict },
      false,
    ]),
  },
  '.github/workflows/rollback.yml rollback close': {
    given: { 'steps.plan.outputs.plan': '/tmp/plan.json', 'inputs.dry-run': false },
    after: whatever,
    rows: [
      ['there is no plan', { 'steps.plan.outputs.plan': '' }, false],
      ['a dry run', { 'inputs.dry-run': true }, false],
    ],
  },
  '.github/workflows/rollback.yml close': {
    given: { 'inputs.close': 'production/1/rollback-1' },
    after: whatever,
    rows: [['nothing is closed', { 'inputs.close': '' }, false]],
  },
  '.github/workflows/rollback.yml close Start what was stopped': {
    given: { 'inputs.start-stopped': true },
    after: onlyAfterSuccess,
    rows: [['nobody asks', { 'inputs.start-stopped': false }, false]],
  },
  '.github/workflows/rollback.yml compromised': {
    given: { 'inputs.close': '', 'inputs.compromised': 'acme/jwt' },
    after: whatever,
    rows: [
      ['nothing leaked', { 'inputs.compromised': '' }, false],
      ['a record is closed by hand', { 'inputs.close': 'production/1/rollback-1' }, false],
    ],
  },
  '.github/workflows/rollback.yml release': {
    given: { ...exceptList, 'inputs.release-pin': 'b0b1c2d' },
    after: whatever,
    rows: [['no pin is released', { 'inputs.release-pin': '' }, false], one.close, one.compromised],
  },
  '.github/workflows/rollback.yml list': {
    given: { ...one.given, 'inputs.list': true },
    after: whatever,
    rows: [
      ['nothing is listed', { 'inputs.list': false }, false],
      one.close,
      one.compromised,
      one.release,
    ],
  },

  'workflows-examples/ecs-api.yml rollback': deployed,
  'workflows-examples/environments.yml production': verified('staging'),
  'workflows-examples/notify.yml rollback': deployed,
  'workflows-examples/notify.yml notify': {
    given: { 'needs.rollback.outputs.record': 'production/1/rollback-1' },
    after: always.after,
    rows: [['nothing was rolled back', { 'needs.rollback.outputs.record': '' }, false]],
  },
  'workflows-examples/regions.yml others': verified('first'),
  'workflows-examples/rollback.yml rollback': {
    given: { 'needs.take-over.result': 'success' },
    after: { ...whatever, 'timed out': true, skipped: true },
    rows: [
      ['nothing is taken over', { 'needs.take-over.result': 'skipped' }, true],
      ['the other run may still change something', { 'needs.take-over.result': 'failure' }, false],
      ['this run was cancelled meanwhile', { 'needs.take-over.result': 'cancelled' }, false],
    ],
  },
  'workflows-examples/rollback.yml take-over': {
    given: one.given,
    after: onlyAfterSuccess,
    rows: [one.close, one.compromised, one.release, one.list],
  },
  'workflows-examples/sandwich.yml rollback': deployed,
  'workflows-examples/workers.yml rollback': deployed,
}
