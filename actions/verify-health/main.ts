import { action } from '#action'
import { connect, health, settings } from '#health'
import { inputs } from './inputs.ts'

void action({
  name: 'verify-health',
  inputs,
  journal: 'named-record',
  settings,
  run: (job) => health(job.run, connect(job.aws), job),
  fallback: { verdict: 'error' },
})
