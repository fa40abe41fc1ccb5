import { iso, type Result } from '#core'
import type { ConfigClients } from './client.ts'
import { observeSecret } from './observe.ts'
import { inParallel } from './parallel.ts'
import { readersOf } from './readers.ts'
import type { ConfigPorts } from './rollback.ts'
import type { RollbackSettings } from './settings.ts'
import { type LiveSecret, short } from './state.ts'

/** A value that leaked is never put back, and neither is the one before it: everything goes forward. */
export async function refuseCompromised(
  { clients, readers }: ConfigPorts,
  { choice, services }: RollbackSettings,
): Promise<Result> {
  const names = choice.secrets ?? []
  const parameters = choice.parameters ?? []
  const found = await looked(clients, names)
  const reading = services ? readersOf(await readers(services), [...names, ...parameters]) : []
  return {
    outcome: 'refused',
    headline:
      'a compromised value is never rolled back: whoever has it would keep it; rotate forward; nothing was changed',
    sections: [
      {
        title: 'Compromised',
        columns: ['secret', 'AWSCURRENT', 'changed', 'read last', 'rotates'],
        rows: found.map(rowOf),
      },
    ],
    next: [
      ...found.map(rotate),
      ...parameters.map(
        (name) => `1. ${name}: put a new value (aws ssm put-parameter --overwrite --name …)`,
      ),
      `2. redeploy who reads it: ${reading.length > 0 ? `ecs-rollback with mode: redeploy and services: ${reading.join(',')}` : 'services start with the value and keep it until they are started again'}`,
      '3. revoke the old value where it was issued, and end the sessions and tokens that it signed',
      `4. audit who read it: aws cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=GetSecretValue${names.length > 0 ? `, for ${names.join(', ')}` : ''}`,
    ],
    outputs: { changed: '', unchanged: '', failed: '', readers: reading.join(',') },
  }
}

const looked = async (clients: ConfigClients, names: readonly string[]) =>
  (await inParallel(names, (name) => observeSecret(clients, name))).filter(
    (secret) => secret !== undefined,
  )

const day = (milliseconds: number | undefined) =>
  milliseconds === undefined ? 'unknown' : iso(milliseconds).slice(0, 10)

const rowOf = (secret: LiveSecret) => [
  secret.name,
  short(secret.current),
  secret.changedAt === undefined ? 'unknown' : iso(secret.changedAt),
  day(secret.accessedAt),
  secret.owner ? `by ${secret.owner}` : secret.rotates ? 'yes' : 'no',
]

/** A secret that can rotate makes its own new value; for any other a person brings one. */
function rotate({ name, rotates, owner }: LiveSecret): string {
  return rotates || owner
    ? `1. ${name}: aws secretsmanager rotate-secret --secret-id ${name}`
    : `1. ${name}: make a new value where it is issued, then aws secretsmanager put-secret-value --secret-id ${name} --secret-string file://…`
}
