import { action } from '#action'
import { changeConfig, configJournal, connect, settings } from '#config'
import { connect as connectEcs, observeReferences } from '#ecs'
import { inputs } from './inputs.ts'

void action({
  name: 'config-rollback',
  inputs,
  journal: configJournal,
  settings,
  run: ({ run, aws, settings, store }) => {
    const [clients, ecs] = [connect(aws), connectEcs(aws)]
    const readers = (services: Parameters<typeof observeReferences>[1]) =>
      observeReferences(ecs, services)
    return changeConfig(run, { clients, store, readers }, settings)
  },
})
