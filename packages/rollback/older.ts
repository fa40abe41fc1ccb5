import type { Section } from '#core'
import { deploymentOf } from '#store'
import type { Way } from './evidence.ts'

/** The other deployments that began since the destination: going there takes back what each of them brought. */
export function alsoTakenBack({
  since,
  profile,
}: Pick<Way, 'since' | 'profile'>): readonly Section[] {
  if (since.length === 0) return []
  return [
    {
      title: 'What else is taken back',
      columns: ['deployment', 'commit', 'state', 'its migrations'],
      rows: since.map(({ id, sha, deployment, components }) => {
        const brought = (components.migrations?.pending ?? [])
          .map(({ version }) => version)
          .filter((version) => profile.added.includes(version))
        return [
          deploymentOf(id),
          sha.slice(0, 12),
          deployment?.state ?? 'unknown',
          brought.length === 0 ? 'none' : brought.join(', '),
        ]
      }),
    },
  ]
}
