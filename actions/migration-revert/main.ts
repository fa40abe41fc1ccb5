import { action } from '#action'
import { connect as connectEcs, taskDefinitionOf } from '#ecs'
import { migrationRevert, type RevertPorts, revertJournal, revertSettings } from '#migrations'
import { connect, readConnection } from '#rds'
import { connect as connectTasks, runTask } from '#tasks'
import { inputs } from './inputs.ts'

void action({
  name: 'migration-revert',
  inputs,
  journal: revertJournal,
  settings: revertSettings,
  run: ({ run, aws, store, settings, variables }) => {
    const opener = connect(aws)
    const ports: RevertPorts = {
      opener,
      store,
      variables,
      login: (now, id) => readConnection(now, opener.secrets, id),
      revision: (of) => taskDefinitionOf(connectEcs(aws), of),
      runTask: (now, order) => runTask(now, connectTasks(aws), order),
    }
    return migrationRevert(run, ports, settings)
  },
})
