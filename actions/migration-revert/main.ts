import { action } from '#action'
import { connect as connectEcs, observeServices } from '#ecs'
import { migrationRevert, revertJournal, revertSettings } from '#migrations'
import { connect, readConnection } from '#rds'
import { connect as connectTasks, runTask } from '#tasks'
import { inputs } from './inputs.ts'

void action({
  name: 'migration-revert',
  inputs,
  journal: revertJournal,
  settings: revertSettings,
  run: ({ run, aws, store, settings, variables }) => {
    const [opener, ecs, tasks] = [connect(aws), connectEcs(aws), connectTasks(aws)]
    const ports = {
      opener,
      store,
      variables,
      login: (_: typeof run, id: string) => readConnection(run, opener.secrets, id),
      tasks: {
        revision: async ({ cluster, service }: { cluster: string; service: string }) =>
          (await observeServices(ecs, { cluster, names: [service] })).services[0]?.taskDefinition,
        run: (_: typeof run, order: Parameters<typeof runTask>[2]) => runTask(run, tasks, order),
      },
    }
    return migrationRevert(run, ports, settings)
  },
})
