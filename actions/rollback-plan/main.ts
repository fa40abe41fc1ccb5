import { action } from '#action'
import { capturesOf } from '#points'
import { byHandCommands, comparisonsOf, planSettings, rollbackPlan } from '#rollback'
import { inputs } from './inputs.ts'

void action({
  name: 'rollback-plan',
  inputs,
  journal: 'none',
  settings: planSettings,
  byHand: ({ services }) => byHandCommands(services),
  run: ({ run, aws, store, settings, environment }) => {
    const captures = capturesOf(aws, environment?.config, undefined)
    const comparisons = comparisonsOf(aws, environment?.config, store)
    return rollbackPlan(run, store, { captures, comparisons }, settings)
  },
})
