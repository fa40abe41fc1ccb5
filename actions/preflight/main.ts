import { action } from '#action'
import { portsOf, preflight, settings } from '#preflight'
import { inputs } from './inputs.ts'

void action({
  name: 'preflight',
  inputs,
  journal: 'none',
  settings,
  run: (job) => preflight(job.run, job.store, portsOf(job), job.settings),
})
