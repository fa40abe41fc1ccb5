import { action } from '#action'
import { changeServices, connect, journalOf, settings } from '#ecs'
import { inputs } from './inputs.ts'

void action({
  name: 'ecs-rollback',
  inputs,
  journal: journalOf,
  settings,
  goesOn: 'ECS continues what it was told by itself: run again to attach to it',
  run: ({ run, aws, settings, store }) => changeServices(run, connect(aws), settings, store),
})
