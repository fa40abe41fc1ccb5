import { z } from 'zod'
import { InputError } from '#core'
import { componentNames, isPointId, isRecordId, profiles } from '#store'

/** The plan as it goes from `rollback-plan` to `rollback-report`: ids and words, never ARNs or secrets. */
export const planDocument = z.object({
  version: z.literal(1),
  choice: z.enum(['verify', 'roll-back', 'hold', 'nothing', 'refused']),
  why: z.string(),
  trigger: z.enum(['verdict', 'no-verdict', 'button']),
  /** `<environment>/<run id>` of the deployment; empty when the environment was never deployed. */
  undone: z.string().regex(/^([A-Za-z0-9][A-Za-z0-9._-]{0,62}\/[A-Za-z0-9._-]+)?$/),
  /** The commit that is taken back. */
  from: z.string(),
  to: z.string().refine((id) => id === '' || isPointId(id)),
  profile: z.enum(profiles),
  planId: z.string(),
  consent: z.enum(['not-needed', 'given', 'automatic', 'missing', 'never']),
  reason: z.string(),
  /** Whether anything differs from the destination; a plan without operations writes no pin. */
  operations: z.boolean(),
  /** The open record that this plan goes on with. */
  record: z.string().refine(isRecordId).optional(),
  /** Nobody asked: the scheduled workflow found it unfinished. */
  resumes: z.literal(true).optional(),
  /** What alone goes back; everything when left out. */
  only: z.array(z.enum(componentNames)).optional(),
})
export type PlanDocument = z.infer<typeof planDocument>

/** Reads the `plan` input. Throws `InputError` when it is not what `rollback-plan` put out for this environment. */
export function parsePlan(text: string, environment: string): PlanDocument {
  const parsed = planDocument.safeParse(fromJson(text))
  const { undone = '' } = parsed.data ?? {}
  if (parsed.success && undone !== '' && !undone.startsWith(`${environment}/`))
    throw new InputError([`plan: it is of ${undone}, not of ${environment}`])
  if (parsed.success) return parsed.data
  throw new InputError(['plan: expected the output plan of the action rollback-plan, unchanged'])
}

function fromJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
