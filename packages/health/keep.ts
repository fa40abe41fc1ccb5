import { mkdtempSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Json } from '#core'

/** Writes the evidence into a new folder below the run's, readable by the owner only; gives its path. */
export function keepEvidence(folder: string, evidence: Json): string {
  const file = join(mkdtempSync(join(folder, 'health-')), 'health-evidence.json')
  writeFileSync(file, `${JSON.stringify(evidence, null, 2)}\n`, { mode: 0o600 })
  return file
}
