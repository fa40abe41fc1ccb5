import { isDenied } from '#aws'
import { CallError, type Capture, messageOf } from '#core'
import type { ConfigState } from '#store'
import type { ConfigClients } from './client.ts'
import { isPath, observeParameters, observeSecret } from './observe.ts'
import { inParallel } from './parallel.ts'
import type { ConfigChoice } from './settings.ts'
import { type LiveParameter, type LiveSecret, short } from './state.ts'

/** What one secret, or all parameters, add to a restore point. */
interface Part {
  readonly secrets: ConfigState['secrets']
  readonly parameters: ConfigState['parameters']
  readonly problems: readonly string[]
  readonly warnings: readonly string[]
}

const nothing: Part = { secrets: [], parameters: [], problems: [], warnings: [] }

/** How secrets and parameters take part in a restore point: by version; no value is read. Read-only. */
export function captureConfig(clients: ConfigClients, choice: ConfigChoice): Capture<ConfigState> {
  return async () => {
    const parts = [
      ...(await inParallel(choice.secrets ?? [], (name) =>
        readable(async () => secretPart(name, await observeSecret(clients, name))),
      )),
      await readable(async () => parametersPart(clients, choice.parameters ?? [])),
    ]
    const secrets = parts.flatMap((part) => part.secrets)
    const parameters = parts.flatMap((part) => part.parameters)
    return {
      state: { secrets, parameters },
      problems: parts.flatMap((part) => part.problems),
      warnings: parts.flatMap((part) => part.warnings),
      rows: [
        ...secrets.map(({ name, version }) => [name, `version ${short(version)}`] as const),
        ...parameters.map(({ name, version }) => [name, `version ${version}`] as const),
      ],
    }
  }
}

const stays = 'a rollback would leave it as this deployment makes it'

function secretPart(name: string, live: LiveSecret | undefined): Part {
  if (live?.current === undefined) {
    const why = live ? 'it has no value yet' : 'it does not exist'
    return { ...nothing, warnings: [`secret ${name}: ${why}: ${stays}`] }
  }
  const rotatedAt = live.rotatedAt && { rotatedAt: new Date(live.rotatedAt).toISOString() }
  return {
    ...nothing,
    secrets: [{ name: live.name, version: live.current, ...rotatedAt }],
    problems: live.deleted
      ? [
          `secret ${name}: it is scheduled for deletion, and could not be put back: aws secretsmanager restore-secret --secret-id ${name}`,
        ]
      : [],
    warnings: [
      ...(live.owner
        ? [`secret ${name}: ${live.owner} manages it: a rollback would not change it`]
        : []),
      ...(live.rotates && !live.owner
        ? [`secret ${name}: it rotates: after its next rotation a rollback would not change it`]
        : []),
    ],
  }
}

async function parametersPart(clients: ConfigClients, chosen: readonly string[]): Promise<Part> {
  if (chosen.length === 0) return nothing
  const found = await observeParameters(clients, chosen)
  const absent = chosen.filter((one) =>
    isPath(one)
      ? !found.some(({ name }) => name.startsWith(one))
      : !found.some(({ name }) => name === one),
  )
  return {
    ...nothing,
    parameters: found.map(stateOf),
    warnings: absent.map((one) =>
      isPath(one)
        ? `parameters ${one}: there are none: a rollback would leave those that this deployment makes`
        : `parameter ${one}: it does not exist: ${stays}`,
    ),
  }
}

const stateOf = ({ name, version, type, modifiedAt }: LiveParameter) => ({
  name,
  version,
  type,
  modifiedAt: new Date(modifiedAt).toISOString(),
})

/** A read that is forbidden is a finding; everything else is thrown. */
async function readable(read: () => Promise<Part>): Promise<Part> {
  try {
    return await read()
  } catch (thrown) {
    if (!(thrown instanceof CallError && isDenied(thrown))) throw thrown
    return { ...nothing, problems: [`${messageOf(thrown)}; ${thrown.next}`] }
  }
}
