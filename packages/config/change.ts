import type { Result, Run } from '#core'
import { beforeId, deploymentId, readPoint, type Store } from '#store'
import { captureConfig } from './capture.ts'
import { type Kept, keepVersions } from './keep.ts'
import { type ConfigPorts, rollback } from './rollback.ts'
import type { CaptureSettings, ConfigSettings } from './settings.ts'
import { short } from './state.ts'

/** The action config-rollback: keep the versions of a restore point, or put them back. */
export async function changeConfig(
  run: Run,
  ports: ConfigPorts,
  settings: ConfigSettings,
): Promise<Result> {
  switch (settings.do) {
    case 'nothing':
      return { outcome: 'unchanged', headline: `${settings.why}: there is nothing to do` }
    case 'capture':
      return capture(run, ports, settings)
    case 'rollback':
      return rollback(run, ports, settings)
  }
}

/** Labels the versions that the restore point of this deployment recorded, or those of now where there is none. */
async function capture(run: Run, ports: ConfigPorts, settings: CaptureSettings): Promise<Result> {
  const { clients, store } = ports
  const found = await captureConfig(clients, settings.choice)(run)
  if (found.problems.length > 0) {
    return {
      outcome: 'refused',
      headline: `${found.problems[0]}; nothing was changed`,
      next: [...found.problems],
    }
  }
  for (const warning of found.warnings) run.report.warning(warning)
  const state = (await recordedIn(run, store)) ?? found.state
  const kept = await keepVersions(run, clients, { secrets: state.secrets, label: settings.label })
  const bad = kept.filter(({ is }) => is === 'not-kept')
  return {
    outcome: run.dryRun ? 'planned' : outcomeOf(kept),
    headline: `recorded by version: ${counted(state.secrets.length, 'secret')}, ${counted(state.parameters.length, 'parameter')}${bad.length > 0 ? `; ${bad.length} versions may be purged` : ''}`,
    sections: [
      {
        title: 'Versions',
        columns: ['name', 'version', 'kept'],
        rows: [
          ...kept.map(({ secret, version, why }) => [secret, short(version), why]),
          ...state.parameters.map(({ name, version }) => [
            name,
            String(version),
            'Parameter Store keeps the last 100 versions',
          ]),
        ],
      },
    ],
    ...(bad.length > 0 && {
      next: bad.map(({ secret, why }) => `${secret}: ${why}: mend that, then run again`),
    }),
    outputs: { versions: JSON.stringify(state) },
    data: { state, kept: kept.map(({ secret, is, why }) => ({ secret, is, why })) },
  }
}

/** The version of now is right as long as nothing is deployed; what the point recorded is right also afterwards. */
async function recordedIn(run: Run, store: Store | undefined) {
  if (!store) return undefined
  const point = await readPoint(
    store,
    beforeId(deploymentId(store.environment, run.identity.runId)),
  )
  return point?.components.config
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`

function outcomeOf(kept: readonly Kept[]) {
  if (kept.some(({ is }) => is === 'not-kept')) return 'partial'
  return kept.some(({ is }) => is === 'labelled') ? 'done' : 'unchanged'
}
