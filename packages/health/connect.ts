import { CloudWatchClient } from '@aws-sdk/client-cloudwatch'
import { CloudWatchLogsClient } from '@aws-sdk/client-cloudwatch-logs'
import type { AwsConfig } from '#aws'
import { connect as connectEcs, observeServices, observeTasks } from '#ecs'
import { connect as connectRds, readConnection } from '#rds'
import { type Limits, openDatabase } from '#sql'
import { observeAlarms, observeEvents } from './cloudwatch.ts'
import { fetchOnce } from './fetch.ts'
import type { Ports } from './probe.ts'

/** A look at the database must not keep the looks at everything else waiting for long. */
const patience: Limits = { connect: 5_000, statement: 10_000 }

/** The real ports: the runner's network, CloudWatch, and ECS and the database through their own kinds' clients. */
export function connect(config: AwsConfig): Ports {
  const ecs = connectEcs(config)
  const { secrets } = connectRds(config)
  const alarms = new CloudWatchClient({ ...config })
  const logs = new CloudWatchLogsClient({ ...config })
  return {
    fetchOnce,
    services: (where) => observeServices(ecs, where),
    tasks: (where) => observeTasks(ecs, where),
    alarms: (which) => observeAlarms(alarms, which),
    events: (ask) => observeEvents(logs, ask),
    open: async (run, connection) => {
      const found = await readConnection(run, secrets, connection)
      return openDatabase(found.connection, patience)
    },
  }
}
