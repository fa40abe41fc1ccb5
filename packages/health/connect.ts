import type { AwsConfig } from '#aws'
import { connect as connectEcs, observeServices, observeTasks } from '#ecs'
import { fetchOnce } from './fetch.ts'
import type { Ports } from './probe.ts'

/** The real ports: the runner's network, and ECS through its own kind's clients. */
export function connect(config: AwsConfig): Ports {
  const clients = connectEcs(config)
  return {
    fetchOnce,
    services: (where) => observeServices(clients, where),
    tasks: (where) => observeTasks(clients, where),
  }
}
