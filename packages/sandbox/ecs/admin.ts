import { existsSync, readFileSync } from 'node:fs'
import type { Balancer } from '../balancer/balancers.ts'
import type { ImageContent } from '../processes/images.ts'
import type { Admin } from '../service.ts'
import { type Interrupted, type Named, scriptOf } from './script.ts'
import type { Task, World } from './state.ts'
import { checkedTrouble } from './troubleRule.ts'

type Row = Readonly<Record<string, unknown>>

/** What one cannot do through AWS's API: push images, make load balancers, find processes and their logs. */
export function adminPages(world: World): Record<string, Admin> {
  return {
    images: async (body) => images(world, (body ?? {}) as Row),
    'load-balancers': async (body) => loadBalancers(world, (body ?? {}) as Row),
    tasks: async () => ({ tasks: allTasks(world).map(taskRow) }),
    logs: async (_, url) => logs(world, url),
    troubles: async (body, _, method) => troubles(world, { body, method }),
    script: async (body) => script(world, (body ?? {}) as Row),
    consistency: async (body) => {
      const { staleReadsMs } = (body ?? {}) as Row
      if (staleReadsMs !== undefined) world.staleReads = Number(staleReadsMs)
      return { staleReadsMs: world.staleReads }
    },
  }
}

function images(world: World, body: Row): unknown {
  const { action = 'list', image = '', source = '', ...content } = body
  switch (action) {
    case 'push':
      return { image: world.images.push(String(image), checkedContent(content)) }
    case 'tag':
      return { image: world.images.tag(String(source), String(image)) }
    case 'delete':
      return { deleted: world.images.remove(String(image)) }
    case 'archive':
      return { archived: world.images.archive(String(image)) }
    case 'restore':
      return { restoring: world.images.restore(String(image)) }
    case 'list':
      return { images: world.images.list() }
    default:
      throw new Error(
        `images: unknown action "${action}"; use push, tag, delete, archive, restore or list.`,
      )
  }
}

function checkedContent(content: Row): ImageContent {
  const isList = (value: unknown) =>
    Array.isArray(value) && value.every((one) => typeof one === 'string')
  if (!isList(content.command)) throw new Error('images: "command" must be a list of strings.')
  const known = ['command', 'entrypoint', 'environment', 'directory']
  const unknown = Object.keys(content).filter((key) => !known.includes(key))
  if (unknown.length > 0) throw new Error(`images: unknown members ${unknown.join(', ')}.`)
  return content as unknown as ImageContent
}

/** POST adds one or a list, DELETE ends all, GET shows how many tasks each has struck. */
function troubles(world: World, { body, method }: { body: unknown; method: string }): unknown {
  if (method === 'DELETE') scriptOf(world).calm()
  else if (body !== undefined)
    for (const rule of Array.isArray(body) ? body : [body])
      scriptOf(world).trouble(checkedTrouble(rule))
  return {
    troubles: world.troubles.list().map(({ rule, struck }) => ({ ...rule, struck: struck.size })),
  }
}

/** `{action, service, cluster?, …}`: what is done once. */
function script(world: World, body: Row): unknown {
  const { action, service = '', cluster, ...more } = body
  const named: Named = {
    service: String(service),
    ...(cluster ? { cluster: String(cluster) } : {}),
  }
  const act = scriptOf(world)
  switch (action) {
    case 'interrupt': {
      act.interrupt({ ...named, ...(more as unknown as Interrupted) })
      break
    }
    case 'say':
      act.say(named, String(more.text))
      break
    case 'completed-last':
      act.completedLast(named, String(more.taskDefinition))
      break
    case 'forget':
      act.forget(named)
      break
    case 'hide-deployments':
      act.hideDeployments(Number(more.ms))
      break
    case 'stop-goes-to':
      act.stopGoesTo(more.where === 'source' ? 'source' : 'last-completed')
      break
    default:
      throw new Error(
        `script: unknown action "${action}"; use interrupt, say, completed-last, forget, hide-deployments or stop-goes-to.`,
      )
  }
  return { done: action }
}

async function loadBalancers(world: World, body: Row): Promise<unknown> {
  const { action = 'list', ...options } = body
  switch (action) {
    case 'create': {
      const { name, account, region } = options
      if (!name || !account || !region)
        throw new Error('load-balancers: "name", "account" and "region" are needed.')
      const made = await world.balancers.create(
        options as unknown as Parameters<typeof world.balancers.create>[0],
      )
      return balancerRow(made)
    }
    case 'list':
      return { loadBalancers: world.balancers.list().map(balancerRow) }
    default:
      throw new Error(`load-balancers: unknown action "${action}"; use create or list.`)
  }
}

function balancerRow(balancer: Balancer): unknown {
  const { name, targetGroupArn, ruleArn, url } = balancer
  const targets = balancer.targets().map(({ id, port, health }) => ({ id, port, ...health }))
  return { name, targetGroupArn, ruleArn, url, ...balancer.traffic(), targets }
}

function allTasks(world: World): readonly Task[] {
  return [...world.regions.values()].flatMap((region) =>
    [...region.clusters.values()].flatMap((cluster) => [...cluster.tasks.values()]),
  )
}

function taskRow(task: Task): unknown {
  return {
    taskArn: task.arn,
    service: task.service?.name ?? null,
    startedBy: task.startedBy ?? null,
    taskDefinitionArn: task.taskDefinition.arn,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    stoppedReason: task.stoppedReason ?? null,
    containers: task.containers.map((container) => ({
      name: container.definition.name,
      image: container.definition.image,
      lastStatus: container.lastStatus,
      pid: container.lastStatus === 'RUNNING' ? (container.running?.pid ?? null) : null,
      port: container.port ?? null,
      logFile: container.logFile,
    })),
  }
}

/** `?service=` or `?task=`, and `?container=`: what the programs wrote, oldest task first. */
function logs(world: World, url: URL): unknown {
  const [service, id, name] = ['service', 'task', 'container'].map((key) =>
    url.searchParams.get(key),
  )
  const chosen = allTasks(world)
    .filter((task) => !service || task.service?.name === service)
    .filter((task) => !id || task.arn.endsWith(id))
  return {
    logs: chosen.flatMap((task) =>
      task.containers
        .filter((container) => !name || container.definition.name === name)
        .map(({ definition, logFile }) => ({
          taskArn: task.arn,
          container: definition.name,
          text: existsSync(logFile) ? readFileSync(logFile, 'utf8') : '',
        })),
    ),
  }
}
