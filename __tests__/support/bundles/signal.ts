import type { ChildProcess } from 'node:child_process'
import type { Fault } from '../../../packages/sandbox/index.ts'
import { type JobEnd, rollbackJob } from '../chain/job.ts'
import { type Broken, placeOf } from './town.ts'

/** How a runner ends a step: told to, told again, killed; or its machine is gone at once. */
export type How = 'cancelled' | 'killed'

/** The moment at which a step is ended: at a call, before or after it was applied, or when its log says something. */
export type Moment =
  | (Pick<Fault, 'service' | 'operation' | 'match' | 'nth'> & { readonly when: 'before' | 'after' })
  | { readonly line: RegExp }

/** What became of the step that was ended. */
export interface Cut {
  readonly end: JobEnd
  /** The process did not live to the end of its job. */
  readonly hit: boolean
  /** Real milliseconds from the first signal to the end of the process. */
  readonly took: number
}

/** A tenth of the runner's patience (ProcessInvoker.cs): SIGINT, 7.5 s, SIGTERM, 2.5 s, SIGKILL. */
const patience = [750, 250] as const

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const isOver = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null

/** Ends a process as the runner does. Answers when it is gone, with the milliseconds that it took. */
async function end(child: ChildProcess, how: How): Promise<number> {
  const began = performance.now()
  const gone = new Promise((resolve) => child.once('close', resolve))
  child.kill(how === 'killed' ? 'SIGKILL' : 'SIGINT')
  await Promise.race([gone, pause(patience[0])])
  if (!isOver(child)) child.kill('SIGTERM')
  await Promise.race([gone, pause(patience[1])])
  if (!isOver(child)) child.kill('SIGKILL')
  await gone
  return performance.now() - began
}

const path = '.github/workflows/rollback-resume.yml'
const always = { always: true, ms: null } as const

/** Tells GitHub of a run that goes on until it is told to end. */
function register({ town }: Broken, runId: string): (conclusion: 'cancelled' | 'success') => void {
  const shop = town.sandbox.github?.repository('acme/shop')
  shop?.workflow({ path, jobs: [{ name: 'rollback', ...always }] })
  shop?.run(path, { id: Number(runId) })
  return (conclusion) => shop?.finish(Number(runId), 'rollback', conclusion)
}

/** How the rollback of a company is run: by its own job, or by the scheduled workflow in a run of its own. */
const inputsOf = ({ run, verdict }: Broken, runId: string) =>
  runId === run.runId ? { verdict } : { resume: true }

/** Runs a rollback job whose step is ended at a moment, and what GitHub then knows: the run was cancelled. */
export async function cutAt(
  at: Broken,
  given: { readonly runId: string; readonly moment: Moment; readonly how: How },
): Promise<Cut> {
  const { runId, moment, how } = given
  const { faults } = at.town.sandbox
  const finish = register(at, runId)
  let child: ChildProcess | undefined
  let ending: Promise<number> | undefined
  let die: (value: 'killed') => void = () => {}
  const death = new Promise<'killed'>((resolve) => {
    die = resolve
  })
  const cut = async () => {
    if (child === undefined || ending !== undefined) return
    ending = end(child, how)
    await ending
    die('killed')
  }
  if ('when' in moment)
    faults.set([{ effect: 'kill', account: at.account, onKill: cut, ...moment }])
  const place = placeOf(at, { ...at.run, runId }, (started) => {
    child = started
  })
  const job = await rollbackJob(
    {
      ...place,
      death,
      perform: async (action, inputs, say) => {
        const hear = (line: string) => {
          say(line)
          if ('line' in moment && moment.line.test(line)) void cut()
        }
        const ended = await place.perform(action, inputs, hear)
        return ending === undefined ? ended : new Promise(() => {})
      },
    },
    inputsOf(at, runId),
  )
  faults.clear()
  const took = (await ending) ?? 0
  finish(ending === undefined ? 'success' : 'cancelled')
  return { end: job, hit: ending !== undefined, took }
}

/** Runs the scheduled workflow in peace. */
export async function resumed(at: Broken, runId: string): Promise<JobEnd> {
  const finish = register(at, runId)
  const job = await rollbackJob(placeOf(at, { ...at.run, runId }), inputsOf(at, runId))
  finish('success')
  return job
}
