import { action } from '#action'
import { capturesOf } from '#points'
import { byHandCommands, planSettings, rollbackPlan } from '#rollback'
import { inputs } from './inputs.ts'

void action({
  name: 'rollback-plan',
  inputs,
  journal: 'none',
  settings: planSettings,
  byHand: ({ services }) => byHandCommands(services),
  run: ({ run, aws, store, settings, environment }) =>
    rollbackPlan(run, store, capturesOf(aws, environment?.config), settings),
})
