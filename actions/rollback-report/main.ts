import { action } from '#action'
import { reportSettings, rollbackReport } from '#rollback'
import { inputs } from './inputs.ts'

void action({
  name: 'rollback-report',
  inputs,
  journal: 'none',
  settings: reportSettings,
  run: ({ run, store, github, settings }) => rollbackReport(run, { store, github }, settings),
})
