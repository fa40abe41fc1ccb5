import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Json } from '#core'

/** Writes the evidence into a new folder of its own, readable by the owner only; gives its path. */
export function keepEvidence(evidence: Json): string {
  const file = join(mkdtempSync(join(tmpdir(), 'rollback-actions-')), 'health-evidence.json')
  writeFileSync(file, `${JSON.stringify(evidence, null, 2)}\n`, { mode: 0o600 })
  return file
}
