import { action } from '#action'
import { migrationRevert, revertSettings } from '#migrations'
import { connect } from '#rds'
import { inputs } from './inputs.ts'

void action({
  name: 'migration-revert',
  inputs,
  journal: 'none',
  settings: revertSettings,
  run: ({ run, aws, store, settings }) =>
    migrationRevert(run, { opener: connect(aws), store }, settings),
})
