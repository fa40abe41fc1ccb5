import type { RunEvent, RunResult } from '../act/index.ts'
import { type Evidence, momentsOf } from './balance.ts'
import type { Fact, StepName } from './facts.ts'

/** A moment of a chart. */
export interface Mark {
  readonly at: number
  readonly tone: Fact['tone']
  readonly text: string
  /** The step whose summary tells more. */
  readonly step?: StepName
}

/** When something of a job becomes a mark: as its step begins or ends, by the step's id or by what it runs. */
interface Landmark {
  readonly job: string
  readonly step: string
  readonly when: 'step-begins' | 'step-ends'
  readonly text: string
  readonly tone?: Fact['tone']
}

const deploy = (step: string, text: string, when: Landmark['when'] = 'step-ends'): Landmark => ({
  ...{ job: 'deploy', step, when, text },
})
const back = (step: string, text: string, tone: Fact['tone'] = 'good'): Landmark => ({
  ...{ job: 'rollback', step, when: 'step-ends', text, tone },
})

/** The steps of the company's workflow and of `rollback.yml` that a chart shows. */
export const landmarks: readonly Landmark[] = [
  deploy('/actions/restore-point@', 'restore point'),
  deploy('/actions/rds-snapshot-guard@', 'snapshot'),
  deploy('./scripts/migrate', 'deploy begins', 'step-begins'),
  back('open', 'rollback opens', 'plain'),
  back('stop', 'writers stopped', 'plain'),
  back('migrations', 'schema back'),
  back('config', 'configuration back'),
  back('restore', 'database restored'),
  back('code', 'code back'),
  back('start', 'writers started'),
  back('site-first', 'front end back'),
  back('site-last', 'front end back'),
  back('verify', 'verified healthy'),
  back('close', 'record closed'),
]

type StepEvent = Extract<RunEvent, { is: 'step-begins' | 'step-ends' }>

function landmarkOf(event: StepEvent): Landmark | undefined {
  return landmarks.find(
    ({ job, step, when }) =>
      event.job === job &&
      event.is === when &&
      (event.step === step || (/[/.]/.test(step) && event.name.includes(step))),
  )
}

/** What a run did, by its steps that ended well; a step without anything to do is no mark. */
function marksOfRun(run: RunResult): readonly Mark[] {
  const idle = (event: StepEvent) => {
    const found = run.steps.find(({ job, id }) => job === event.job && id === event.step)
    return found?.outputs.outcome === 'unchanged'
  }
  return run.events.flatMap((event): readonly Mark[] => {
    const { at, job } = event
    if (event.is === 'output' && event.name === 'verdict' && job === 'deploy') {
      const tone = event.value === 'healthy' ? 'good' : 'bad'
      const step = { runId: run.runId, job, step: event.step }
      return [{ at, tone, text: `verdict: ${event.value}`, step }]
    }
    if (event.is !== 'step-begins' && event.is !== 'step-ends') return []
    const landmark = landmarkOf(event)
    if (!landmark || idle(event)) return []
    if (event.is === 'step-ends' && event.outcome !== 'success') return []
    const step = { runId: run.runId, job, step: event.step }
    return [{ at, tone: landmark.tone ?? 'plain', text: landmark.text, step }]
  })
}

/** The moments that people felt. */
function people(evidence: Evidence, began: string): readonly Mark[] {
  const { broke, good } = momentsOf(evidence)
  return [
    ...(broke === undefined ? [] : [{ at: broke, tone: 'bad' as const, text: began }]),
    ...(good === undefined
      ? []
      : [{ at: good, tone: 'good' as const, text: 'everybody is served again' }]),
  ]
}

const inOrder = (marks: readonly Mark[]) => marks.toSorted((a, b) => a.at - b.at)

/** The marks of a chapter's chart, in order: what its run did, and when people were hurt. */
export const marksOf = (evidence: Evidence): readonly Mark[] =>
  inOrder([...marksOfRun(evidence.bad), ...people(evidence, 'first failure')])

/** The marks of the whole story: few, as it is long. */
export const marksOfStory = (evidence: readonly Evidence[]): readonly Mark[] =>
  inOrder(
    evidence.flatMap((one) => [
      ...marksOfRun(one.bad).filter(({ text }) => text.startsWith('verdict: ')),
      ...people(one, `release ${one.chapter.release} hurts`),
    ]),
  )
