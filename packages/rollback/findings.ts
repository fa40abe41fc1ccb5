import type { Decision, Steps } from '#chain'
import type { Profile } from '#store'
import type { PlanDocument } from './document.ts'
import type { Known, Way } from './evidence.ts'
import type { PlanSettings } from './settings.ts'

/** Everything that a plan is told from. */
export interface Findings {
  readonly known: Known
  readonly decision: Decision
  readonly way: Way
  readonly settings: PlanSettings
}

/** Where nothing is compared, because nothing is rolled back. */
export const noWay = (why: string): Way => ({
  destination: { is: 'none', why },
  profile: {
    ...{ profile: 'A', why: '', schema: 'unknown', consent: false, lost: 'nothing' },
    ...{ added: [], removed: [], gone: [] },
  },
  planId: '',
  only: undefined,
  differences: [],
  same: new Set(),
  stays: [],
  since: [],
})

/** The document of a plan, for the action that opens the record. */
export function documentOf(
  { known, decision, way, settings }: Findings,
  rest: Pick<PlanDocument, 'choice' | 'why' | 'consent' | 'operations'>,
): PlanDocument {
  return {
    version: 1,
    ...rest,
    trigger: decision.trigger,
    undone: known.undone,
    from: known.before?.sha ?? '',
    to: way.destination.is === 'point' ? way.destination.point.id : '',
    profile: known.record?.profile ?? way.profile.profile,
    planId: way.planId,
    reason: settings.reason === '' ? decision.why : settings.reason,
    ...(known.record ? { record: known.record.id } : {}),
    ...(way.only ? { only: [...way.only] } : {}),
    ...(settings.resume ? { resumes: true as const } : {}),
  }
}

/** The outputs of a plan: they switch the steps of the workflow. */
export function outputsOf(document: PlanDocument, steps: Steps) {
  return {
    decision: document.choice,
    deployment: document.undone,
    destination: document.to,
    profile: document.profile,
    'plan-id': document.planId,
    consent: document.consent,
    plan: JSON.stringify(document),
    ...Object.fromEntries(Object.entries(steps).map(([step, runs]) => [step, String(runs)])),
    site: sitePlace(document.profile, steps),
  }
}

/** Where in the order the front end stands: consumers go back before providers, but behind a database that goes back. */
function sitePlace(profile: Profile, { site }: Steps): 'first' | 'last' | 'false' {
  if (!site) return 'false'
  return profile === 'B' || profile === 'C' ? 'last' : 'first'
}
