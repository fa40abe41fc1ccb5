import type { AwsConfig } from '#aws'
import { codeOf } from '#aws'
import { type ConfigRow, compareConfig, connect as connectConfig } from '#config'
import { CallError, messageOf, type Run } from '#core'
import type { EnvironmentConfig } from '#inputs'
import { whyNoDowns } from '#migrations'
import { compareSite, connect as connectSite, type SiteDifference } from '#site'
import type { Components, PendingMigration, Point, Records, Store } from '#store'

/** One thing that would change: what it is, what it is now, what it would be. */
export type Difference = readonly [thing: string, now: string, then: string]

/** How one component stands against the destination. */
export interface Compared {
  readonly component: 'services' | 'config' | 'site'
  readonly same: boolean
  readonly differences: readonly Difference[]
  /** What stays as it is although it differs, and why. */
  readonly stays: readonly (readonly [string, string])[]
  /** What the destination names and nobody finds any more. */
  readonly gone: readonly string[]
}

/** How the kinds that have no state of their own to compare look at a destination; undefined where the environment has none. */
export interface Comparisons {
  readonly config?:
    | ((run: Run, point: Point, records: Records) => Promise<readonly ConfigRow[]>)
    | undefined
  readonly site?: ((run: Run, point: Point) => Promise<SiteDifference>) | undefined
  /** Why these versions cannot be taken back by the files that were captured; undefined when they can. */
  readonly downs?:
    | ((
        files: readonly PendingMigration[],
        added: readonly string[],
      ) => Promise<string | undefined>)
    | undefined
}

/** The comparisons that an environment's configuration asks for. */
export function comparisonsOf(
  aws: AwsConfig,
  config: EnvironmentConfig | undefined,
  store: Store | undefined,
): Comparisons {
  const { secrets, parameters, site, database, migrations } = config ?? {}
  if (store === undefined) return {}
  const connection = database?.connection.replace(/^secret:/, '')
  const choice = { secrets, parameters, connection }
  return {
    config:
      (secrets || parameters) &&
      (async (_run, { components }, records) =>
        components.config === undefined
          ? []
          : compareConfig(
              { clients: connectConfig(aws), store, records },
              choice,
              components.config,
            )),
    site:
      site &&
      ((run, point) => compareSite(run, { clients: connectSite(aws), store, config: site }, point)),
    downs:
      migrations && ((files, added) => whyNoDowns(store, { choice: migrations, files, added })),
  }
}

/** Compares services, configuration and front end with a destination. What cannot be read counts as different: doubt is not sameness. */
export async function compareAll(
  run: Run,
  point: Point,
  now: { readonly components: Components },
  {
    comparisons: { config, site },
    records,
  }: { readonly comparisons: Comparisons; readonly records: Records },
): Promise<readonly Compared[]> {
  const then = point.components
  return Promise.all([
    ...(then.ecs ? [compareServices(then, now.components)] : []),
    ...(config
      ? [orDoubt('config', async () => ofConfig(then, await config(run, point, records)))]
      : []),
    ...(site ? [orDoubt('site', async () => ofSite(then, () => site(run, point)))] : []),
  ])
}

const nothing = { differences: [], stays: [], gone: [] }
const absent = 'the destination does not know it: it stays as it is'

async function orDoubt(
  component: Compared['component'],
  compare: () => Promise<Compared>,
): Promise<Compared> {
  try {
    return await compare()
  } catch (thrown) {
    if (!(thrown instanceof CallError)) throw thrown
    const name = words[component]
    if (codeOf(thrown) === 'NoSuchBucket')
      return { component, same: false, ...nothing, gone: [`bucket ${thrown.on}`] }
    const now = `cannot be read: ${messageOf(thrown)}`
    return { component, same: false, ...nothing, differences: [[name, now, 'as it was there']] }
  }
}

const words = { services: 'services', config: 'configuration', site: 'front end' } as const

/** A desired count is not a difference of the release. */
function compareServices(then: Components, now: Components): Compared {
  const services = then.ecs?.services ?? []
  const found = services.map((service) => ({
    service,
    current: now.ecs?.services.find(({ name }) => name === service.name),
  }))
  const other = found.filter(({ service, current }) => !current || !sameCode(current, service))
  return {
    component: 'services',
    same: other.length === 0,
    differences: other.map(({ service, current }) => [
      service.name,
      nowOf(current),
      service.taskDefinition,
    ]),
    stays: [],
    gone: found.flatMap(({ service, current }) => (current ? [] : [`service ${service.name}`])),
  }
}

function nowOf(current: Service | undefined): string {
  const { taskDefinition = 'not there', coming } = current ?? {}
  return coming ? `${taskDefinition}, ${coming.taskDefinition} comes` : taskDefinition
}

type Service = NonNullable<Components['ecs']>['services'][number]

/**
 * The same task definition is not enough: a tag may have moved, so digests are compared where both are known. A copy that a
 * rollback registered of it, because it could not be deployed itself, is the same. One to which CodeDeploy brings something
 * else is not: it would serve soon.
 */
function sameCode(a: Service, b: Service): boolean {
  const digests = (service: Service) =>
    new Map(service.containers.map(({ name, digest }) => [name, digest]))
  const [of, other] = [digests(a), digests(b)]
  const moved = [...of].some(
    ([name, digest]) => digest && other.get(name) && other.get(name) !== digest,
  )
  const same = a.taskDefinition === b.taskDefinition || a.copyOf === b.taskDefinition
  const comes = a.coming !== undefined && a.coming.taskSet !== b.coming?.taskSet
  return same && !moved && !comes
}

function ofConfig(then: Components, rows: readonly ConfigRow[]): Compared {
  const component = 'config'
  if (then.config === undefined)
    return { component, same: true, ...nothing, stays: [[words.config, absent]] }
  const changes = rows.filter(({ is }) => is === 'change')
  return {
    component,
    same: changes.length === 0,
    differences: changes.map(({ kind, name, from, to }) => [`${kind} ${name}`, from, to]),
    stays: rows
      .filter(({ is }) => is === 'stays')
      .map(({ kind, name, why }) => [`${kind} ${name}`, why]),
    gone: rows.filter(({ is }) => is === 'gone').map(({ kind, name }) => `${kind} ${name}`),
  }
}

async function ofSite(then: Components, compare: () => Promise<SiteDifference>): Promise<Compared> {
  const component = 'site'
  const { site } = then
  if (site === undefined)
    return { component, same: true, ...nothing, stays: [[words.site, absent]] }
  const compared = await compare()
  const there = `as in manifest ${site.manifest.sha256.slice(0, 12)}`
  switch (compared.is) {
    case 'same':
      return { component, same: true, ...nothing }
    case 'differs': {
      const now = `${compared.why}, ${compared.documents} of them pages`
      return { component, same: false, ...nothing, differences: [[words.site, now, there]] }
    }
    case 'refused':
      return {
        component,
        same: false,
        ...nothing,
        differences: [[words.site, compared.why, there]],
      }
  }
}
