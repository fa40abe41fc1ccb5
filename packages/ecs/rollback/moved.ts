import { codeOf, isDenied } from '#aws'
import { CallError, type Run } from '#core'
import type { EcsClients } from '../client.ts'
import { inParallel } from '../parallel.ts'
import { describeImages, type InEcr, inEcr } from '../registry.ts'
import type { Situation } from './dispatch.ts'
import type { Target } from './plan.ts'

/** A container of a target whose image is named by a tag, with the digest that was recorded. */
export interface Tagged {
  readonly image: string
  readonly digest: string
}

/** The containers of a target of which it matters what their tag names now. */
export function taggedOf({ definition, recorded }: Target): readonly Tagged[] {
  return definition.containers.flatMap(({ name, image }) => {
    const digest = recorded?.find((one) => one.name === name)?.digest
    return digest === undefined || image.includes('@') ? [] : [{ image, digest }]
  })
}

/**
 * Whether what is deployed shows that a tag has moved: the very same name ran with another digest. That is how `latest`
 * betrays itself, in any registry and without a call.
 */
function isShownMoved(tagged: readonly Tagged[], { live }: Situation): boolean {
  return tagged.some(({ image, digest }) =>
    (live?.containers ?? []).some(
      (one) => one.image === image && one.digest !== undefined && one.digest !== digest,
    ),
  )
}

/**
 * Whether a tag of a target names another image now, or none: by what is deployed, else by ECR where the image is there.
 * Other registries are not asked; what cannot be known is not moved until its tasks show it.
 */
export async function hasMoved(
  run: Run,
  clients: EcsClients,
  given: { readonly target: Target; readonly situation: Situation },
): Promise<boolean> {
  const tagged = taggedOf(given.target)
  if (isShownMoved(tagged, given.situation)) return true
  const region = await clients.images.config.region()
  const found = await inParallel(tagged, async ({ image, digest }) => {
    const named = inEcr(image)
    if (named?.region !== region || named.tag === undefined) return false
    const now = await digestOf(run, clients, { ...named, tag: named.tag })
    return now !== 'unknown' && now !== digest
  })
  return found.includes(true)
}

/** The digest that a tag names now; undefined where it names none. */
async function digestOf(
  run: Run,
  clients: EcsClients,
  of: InEcr & { readonly tag: string },
): Promise<string | undefined> {
  const asked = { ids: [{ imageTag: of.tag }], on: `${of.repository}:${of.tag}` }
  try {
    const [found] = await describeImages(clients, of, asked)
    return found?.imageDigest ?? 'unknown'
  } catch (thrown) {
    if (codeOf(thrown) === 'ImageNotFoundException') return undefined
    if (!(thrown instanceof CallError)) throw thrown
    const grant = isDenied(thrown) ? `; ${thrown.next}` : ''
    run.report.warning(
      `${thrown.message}${grant}. Whether the tag has moved is seen when its tasks run`,
    )
    return 'unknown'
  }
}
