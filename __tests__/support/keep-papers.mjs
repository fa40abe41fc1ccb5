// Loaded into each Node process of a run under act: copies what an action wrote for later steps. act takes a job's folder away with the
// job, and a short job is over before anybody has read its last line.
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'

const { RUNNER_TEMP = '', KEPT_PAPERS } = process.env
const papers = join(RUNNER_TEMP, 'rollback-actions')

if (KEPT_PAPERS)
  process.on('exit', () => {
    if (existsSync(papers)) cpSync(papers, join(KEPT_PAPERS, papers), { recursive: true })
  })
