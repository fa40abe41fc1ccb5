import { iso, type Json, type Section } from '#core'
import { fingerprintText } from '../report/serving.ts'
import type { Other, Target } from '../rollback/plan.ts'
import { byGrade, type Candidate } from './grade.ts'
import { type Past, toOf } from './past.ts'

/** More rows than this no person reads at night; the output `candidates` has all. */
const most = 20

/** Everything that a service may go back to, or why not, newest first. */
export function candidatesTable({ service, candidates, history }: Past): Section {
  const rows = candidates.map(rowOf)
  const more =
    rows.length > most ? [[`${rows.length - most} more`, '', '', '', '', '', '', '']] : []
  const gaps = history.gaps.map((gap) => ['not known', '', '', '', '', '', gap, ''])
  return {
    title: `What ${service.name} may go back to`,
    columns: [
      ...['task definition', 'images', 'deployed', 'until', 'ECS says', 'grade'],
      ...['eligible, or why not', 'to'],
    ],
    rows: [...rows.slice(0, most), ...more, ...gaps],
  }
}

const rowOf = (candidate: Candidate): readonly string[] => {
  const { revision, from, until, says, grade, why, against } = candidate
  return [
    revision.taskDefinition,
    fingerprintText(revision.containers),
    from === 0 ? '' : iso(from),
    until === 0 ? '' : iso(until),
    says,
    `${grade}: ${why}`,
    against.length === 0 ? 'eligible' : against.join('; '),
    toOf(candidate),
  ]
}

/** The same as data, all of it. */
export const candidatesData = (pasts: readonly Past[]): Json =>
  Object.fromEntries(
    pasts.map(({ service, candidates }) => [
      service.name,
      candidates.map(
        (candidate): Json => ({
          to: toOf(candidate),
          taskDefinition: candidate.revision.taskDefinition,
          containers: candidate.revision.containers.map(({ name, image, digest }) => ({
            ...{ name, image },
            digest: digest ?? null,
          })),
          deployed: candidate.from === 0 ? null : iso(candidate.from),
          until: candidate.until === 0 ? null : iso(candidate.until),
          status: candidate.says,
          grade: candidate.grade,
          why: candidate.why,
          eligible: candidate.against.length === 0,
          against: candidate.against,
        }),
      ),
    ]),
  )

/** What is eligible beside a target, as a person would name it. */
export const othersIn = ({ candidates }: Past, target: Target): readonly Other[] =>
  [...candidates]
    .filter(({ against }) => against.length === 0)
    .filter(({ revision }) => revision.taskDefinition !== target.definition.name)
    .sort(byGrade)
    .map((candidate) => ({
      to: toOf(candidate),
      why: `${candidate.revision.taskDefinition}, ${candidate.grade}: ${candidate.why}`,
    }))

/** Why something that ran before is not gone back to, one line each, the newest first. */
export const rejections = ({ service, candidates }: Past, lines = 10): readonly string[] =>
  candidates
    .filter(({ against }) => against.length > 0)
    .slice(0, lines)
    .map(
      (candidate) =>
        `${service.name}: not to ${candidate.revision.taskDefinition} (${toOf(candidate)}): ${candidate.against.join('; ')}`,
    )
