import { covers, isPath } from './observe.ts'
import type { ReadingServices } from './settings.ts'

/** What the containers of one service are started with: `valueFrom` of secrets, ARNs of environment files. */
export interface Reader {
  readonly service: string
  readonly references: readonly string[]
}

/** Looks which references the services have; the kind ecs has one, which the action's wiring passes on. */
export type ReaderLook = (services: ReadingServices) => Promise<readonly Reader[]>

/** The services that read one of the changed things when their tasks start. */
export function readersOf(
  readers: readonly Reader[],
  changed: readonly string[],
): readonly string[] {
  return readers
    .filter(({ references }) =>
      references.some((reference) => changed.some((name) => refersTo(reference, name))),
    )
    .map(({ service }) => service)
}

/**
 * Tells whether a reference of a task definition reads the current version of a secret or parameter, or of one below `/path/`: `name`, or an ARN; that
 * of a secret may lack its six random characters and may be followed by `:json-key:version-stage:version-id`. One that
 * names a version id reads the same whatever is current. (ECS guide, "Pass sensitive data to a container".)
 */
export function refersTo(reference: string, name: string): boolean {
  if (!reference.startsWith('arn:')) return covers([name], reference)
  const parts = reference.split(':')
  if (parts[2] === 'ssm') {
    const path = `parameter/${name.replace(/^\//, '')}`
    return isPath(name) ? resource(parts).startsWith(path) : resource(parts) === path
  }
  if (parts[2] !== 'secretsmanager' || parts[5] !== 'secret') return false
  const [id = '', , , version = ''] = parts.slice(6)
  return version === '' && (id === name || id.replace(/-[A-Za-z0-9]{6}$/, '') === name)
}

const resource = (parts: readonly string[]) => parts.slice(5).join(':')
