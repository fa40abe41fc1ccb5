import { action } from '#action'
import { capturesOf } from '#points'
import { planSettings, rollbackPlan } from '#rollback'
import { inputs } from './inputs.ts'

void action({
  name: 'rollback-plan',
  inputs,
  journal: 'none',
  settings: planSettings,
  run: ({ run, aws, store, settings, environment }) =>
    rollbackPlan(run, store, capturesOf(aws, environment?.config), settings),
})
