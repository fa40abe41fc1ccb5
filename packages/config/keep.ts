import { UpdateSecretVersionStageCommand } from '@aws-sdk/client-secrets-manager'
import { call } from '#aws'
import { CallError, type Entry, messageOf, type Run } from '#core'
import type { ConfigState } from '#store'
import type { ConfigClients } from './client.ts'
import { observeSecret } from './observe.ts'
import { inParallel } from './parallel.ts'
import { type LiveSecret, versionWith } from './state.ts'

/** What became of the version of one secret. */
export interface Kept {
  readonly secret: string
  readonly version: string
  /** `left`: nobody but its owner can label it. `not-kept`: AWS may purge it. */
  readonly is: 'kept' | 'labelled' | 'left' | 'not-kept'
  readonly why: string
}

/** Secrets Manager allows twenty labels on the versions of one secret. */
const mostLabels = 20

/**
 * Puts one label on the recorded versions, so that AWS does not purge them as deprecated: the same label each time, moved
 * from the version that had it, so that labels never add up. Each move is written down first. What cannot be labelled is
 * said and stops nothing. A dry run only tells.
 */
export async function keepVersions(
  run: Run,
  clients: ConfigClients,
  given: { readonly secrets: ConfigState['secrets']; readonly label: string },
): Promise<readonly Kept[]> {
  const { secrets, label } = given
  const plans = await inParallel(secrets, async ({ name, version }) =>
    planKeep(await observeSecret(clients, name), { secret: name, version, label }),
  )
  const moves = plans.filter((plan) => plan.is === 'label')
  if (run.dryRun || moves.length === 0) return plans.map(asKept)
  await run.journal.intend(moves.map(entryOf))
  const kept: Kept[] = []
  for (const plan of plans) kept.push(plan.is === 'label' ? await put(clients, plan) : asKept(plan))
  return kept
}

interface Wanted {
  readonly secret: string
  readonly version: string
  readonly label: string
}

/** What labelling one version takes. */
export type KeepPlan = Wanted &
  (
    | { readonly is: 'label'; readonly from: string | undefined }
    | { readonly is: 'kept' | 'left' | 'not-kept'; readonly why: string }
  )

/** Plans the label of one version: pure. */
export function planKeep(live: LiveSecret | undefined, wanted: Wanted): KeepPlan {
  const { version, label } = wanted
  if (!live) return { ...wanted, is: 'not-kept', why: 'the secret is gone' }
  if (live.owner) {
    return { ...wanted, is: 'left', why: `${live.owner} manages it and its versions` }
  }
  if (live.deleted) return { ...wanted, is: 'not-kept', why: 'it is scheduled for deletion' }
  const from = versionWith(live, label)
  if (from === version) return { ...wanted, is: 'kept', why: `it carries ${label}` }
  const count = Object.values(live.labels).flat().length
  if (from === undefined && count >= mostLabels) {
    return { ...wanted, is: 'not-kept', why: `it has ${count} labels, and AWS allows no more` }
  }
  return { ...wanted, is: 'label', from }
}

const entryOf = ({ secret, version, label, from }: Extract<KeepPlan, { is: 'label' }>): Entry => ({
  component: 'config',
  operation: 'keep-version',
  on: secret,
  detail: { label, to: version, from: from ?? '' },
})

function asKept(plan: KeepPlan): Kept {
  const { secret, version } = plan
  if (plan.is !== 'label') return { secret, version, is: plan.is, why: plan.why }
  return { secret, version, is: 'labelled', why: `${plan.label} would be put on it` }
}

async function put(
  clients: ConfigClients,
  plan: Extract<KeepPlan, { is: 'label' }>,
): Promise<Kept> {
  const { secret, version, label, from } = plan
  try {
    await call(
      clients.secrets,
      new UpdateSecretVersionStageCommand({
        SecretId: secret,
        VersionStage: label,
        MoveToVersionId: version,
        ...(from !== undefined && { RemoveFromVersionId: from }),
      }),
      secret,
    )
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    // A repeat of a call whose answer was lost is refused, because the label is not where it was.
    const live = await observeSecret(clients, secret)
    if (!live || versionWith(live, label) !== version) {
      return { secret, version, is: 'not-kept', why: `${messageOf(thrown)}; ${thrown.next}` }
    }
  }
  return { secret, version, is: 'labelled', why: `it carries ${label}` }
}
