import { tmpdir } from 'node:os'
import { act, resultOf } from '#action'
import type { Verdict } from '#core'
import type { Company } from './company.ts'
import {
  type ActionEnd,
  deployJob,
  type Given,
  type JobEnd,
  type Place,
  pressed,
  type RunOf,
  rollbackJob,
} from './job.ts'
import type { Machine } from './machine.ts'
import { actionsOf } from './steps.ts'

/** How often actions look: steps of a minute keep virtual hours cheap. */
const pollInterval = '60s'

/** A run of a workflow on a machine. */
export interface On {
  readonly run: RunOf
  readonly machine: Machine
}

/** One step in virtual time: the product's `act` with a journal, lease and record of its own, as a new process would have. */
export async function runAction(
  company: Company,
  { run, machine }: On,
  step: { readonly action: string; readonly given: Given; readonly say: (line: string) => void },
): Promise<ActionEnd> {
  const { action, given, say } = step
  const definition = actionsOf(company, machine)[action]
  if (!definition) throw new Error(`no action ${action}`)
  const result = await act(definition, {
    clock: machine.clock,
    report: { info: say, warning: say, mask: () => {} },
    identity: { ...run, repository: 'acme/shop', actor: 'ada', runUrl: '' },
    folder: tmpdir(),
    variables: {},
    input: (name) => given[name] ?? '',
    login: () => machine.aws,
    hub: () => {
      throw new Error('no story of this company has a token')
    },
  }).catch(resultOf)
  say(`${result.outcome}: ${result.headline}`)
  return { outcome: result.outcome, outputs: { ...definition.fallback, ...result.outputs } }
}

const placeOf = (company: Company, on: On): Place => ({
  run: on.run,
  death: on.machine.death,
  perform: (action, given, say) => runAction(company, on, { action, given, say }),
  inputs: { config: company.config, 'poll-interval': pollInterval },
})

/** The deploy job of the guarded chain. */
export const deploy = (company: Company, on: On): Promise<JobEnd> => deployJob(placeOf(company, on))

/** The rollback job that follows it. */
export const rollBack = (company: Company, on: On, verdict: Verdict): Promise<JobEnd> =>
  rollbackJob(placeOf(company, on), { verdict })

/** The rollback job of the button. */
export const pressButton = (company: Company, on: On, consent = ''): Promise<JobEnd> =>
  rollbackJob(placeOf(company, on), { ...pressed, consent })
