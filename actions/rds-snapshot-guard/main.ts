import { action } from '#action'
import { appliedReader } from '#migrations'
import { connect, guard, guardJournal, guardSettings } from '#rds'
import { inputs } from './inputs.ts'

void action({
  name: 'rds-snapshot-guard',
  inputs,
  journal: guardJournal,
  settings: guardSettings,
  run: ({ run, aws, store, settings, environment }) => {
    const applied = appliedReader(environment?.config.migrations)
    return guard(run, { clients: connect(aws), store, applied }, settings)
  },
})
