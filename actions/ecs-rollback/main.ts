import { action } from '#action'
import { changeServices, connect, journalOf, settings } from '#ecs'
import { inputs } from './inputs.ts'

void action({
  name: 'ecs-rollback',
  inputs,
  journal: journalOf,
  settings,
  run: ({ run, aws, settings, store }) => changeServices(run, connect(aws), settings, store),
})
