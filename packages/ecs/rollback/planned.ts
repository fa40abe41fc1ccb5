import type { Result, Section } from '#core'
import type { Finding, Inspected } from '../preflight/index.ts'
import { fingerprintText } from '../report/serving.ts'
import { outputs, plainRow, type Row } from '../report/table.ts'
import { isMutating, type ServicePlan } from './plan.ts'

/** The service of a plan. */
export const nameOf = (plan: ServicePlan) => plan.service.name

/** What a plan does in the words of a person. */
const words: Readonly<Record<ServicePlan['is'], string>> = {
  update: 'deploy',
  stop: 'have ECS take it back',
  continue: 'have ECS take it back from its hook',
  follow: 'watch ECS take it back',
  attach: 'watch what is under way',
  unchanged: 'nothing',
  'left-alone': 'nothing (warning)',
  superseded: 'nothing (superseded)',
  refused: 'refused',
}

/** `web:7 → web:5`, or what stays. */
export function changeOf(plan: ServicePlan): string {
  if (plan.is === 'refused') return ''
  const from = plan.service.taskDefinition
  if (!('target' in plan)) return from
  const { definition, copy } = plan.target
  const copied = copy && plan.is === 'update' ? 'a copy of ' : ''
  return `${from} → ${copied}${definition.name}`
}

/** How a plan ends for which nothing was sent and nothing is watched. */
export const unsentRow = (plan: ServicePlan): Row =>
  plainRow(plan.service, {
    outcome: plan.is === 'superseded' || plan.is === 'refused' ? plan.is : 'unchanged',
    ...(plan.is === 'superseded' && { class: plan.is }),
    why: plan.why,
    change: changeOf(plan),
    drained: plan.is === 'left-alone',
  })

function planTable(plans: readonly ServicePlan[]): Section {
  return {
    title: 'Plan',
    columns: ['service', 'from → to', 'digests', 'tasks', 'does', 'why'],
    rows: plans.map((plan) => [
      nameOf(plan),
      changeOf(plan),
      'target' in plan ? fingerprintText(plan.target.recorded ?? []) : '',
      plan.is === 'refused' ? '' : `${plan.service.running}/${plan.service.desired}`,
      words[plan.is],
      plan.why,
    ]),
  }
}

/** The refusal of a whole rollback, with the reason of each service that is in its way. */
export function refusePlans(
  plans: readonly ServicePlan[],
  refusals: readonly Extract<ServicePlan, { is: 'refused' }>[],
): Result {
  const reasons = refusals.map(({ service, why }) => `${service.name}: ${why}`)
  return {
    outcome: 'refused',
    headline: `${reasons[0] ?? ''}${reasons.length > 1 ? ` (and ${reasons.length - 1} more)` : ''}; nothing was changed`,
    sections: [planTable(plans)],
    next: [...reasons, 'name another destination in to:, or only the other services in services:'],
  }
}

/** The refusal because targets lack something that they need: all that was found, over all services. */
export function refuseFindings(
  plans: readonly ServicePlan[],
  obstacles: readonly Finding[],
): Result {
  const [first] = obstacles
  const more = obstacles.length > 1 ? ` (and ${obstacles.length - 1} more)` : ''
  return {
    outcome: 'refused',
    headline: `${first?.service}: ${first?.why}${more}; nothing was changed`,
    sections: [
      {
        title: 'What the destination lacks',
        ...findingsTable(obstacles),
      },
      planTable(plans),
    ],
    next: [
      ...obstacles.map(({ service, next }) => `${service}: ${next}`),
      'or name another destination in to:, or only the other services in services:',
    ],
  }
}

/** Says in the summary what is doubtful and what was not looked for. */
export function withDoubts(result: Result, { findings, elsewhere }: Inspected): Result {
  const sections: readonly Section[] = [
    ...(findings.length > 0
      ? [{ title: 'Doubts before the first change', ...findingsTable(findings) }]
      : []),
    ...(elsewhere.length > 0
      ? [
          {
            title: 'Not looked for',
            text: `Whether these images are there, because their registries are not ECR's: ${elsewhere.join(', ')}`,
          },
        ]
      : []),
  ]
  return sections.length === 0
    ? result
    : { ...result, sections: [...(result.sections ?? []), ...sections] }
}

const findingsTable = (findings: readonly Finding[]) => ({
  columns: ['service', 'what', 'why', 'do'],
  rows: findings.map(({ service, what, why, next }) => [service, what, why, next]),
})

/** What a dry run says. */
export function planned(plans: readonly ServicePlan[], why: string): Result {
  const changed = plans.filter(isMutating).length
  const rows = plans.flatMap((plan) =>
    plan.is === 'refused'
      ? []
      : [plainRow(plan.service, { outcome: 'planned', why: plan.why, change: changeOf(plan) })],
  )
  const { 'live-task-definitions': live } = outputs(rows)
  return {
    outcome: 'planned',
    headline: `${changed} of ${plans.length} services would be changed: ${why}`,
    sections: [planTable(plans)],
    outputs: { 'live-task-definitions': live },
    data: { plan: plans.map((plan) => ({ service: nameOf(plan), does: plan.is, why: plan.why })) },
  }
}
