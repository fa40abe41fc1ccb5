import { isDenied } from '#aws'
import type { CallError } from '#core'
import type { EcsClients } from '../client.ts'
import { type Answer, groupBy } from './answer.ts'
import { inspectFiles } from './files.ts'
import type { Finding } from './finding.ts'
import { inspectImages } from './images.ts'
import type { Need } from './needs.ts'
import { inspectParameters } from './parameters.ts'
import { inspectRoles } from './roles.ts'
import { inspectSecrets } from './secrets.ts'

/** A need with the names of the services that have it. */
export interface Shared<Thing extends Need = Need> {
  readonly need: Thing
  readonly services: readonly string[]
}

/** Every distinct need once, with all services that have it. */
export function sharedNeeds(
  of: readonly { readonly service: string; readonly needs: readonly Need[] }[],
): readonly Shared[] {
  const each = of.flatMap(({ service, needs }) => needs.map((need) => ({ service, need })))
  return [...groupBy(each, ({ need }) => JSON.stringify(need)).values()].flatMap((some) => {
    const [first] = some
    const services = [...new Set(some.map(({ service }) => service))]
    return first === undefined ? [] : [{ need: first.need, services }]
  })
}

/** Looks at everything at once: each thing is asked for once, many per call where AWS takes many. */
export async function inspectNeeds(
  clients: EcsClients,
  shared: readonly Shared[],
): Promise<readonly Finding[]> {
  const needs = shared.map(({ need }) => need)
  const of = <Is extends Need['is']>(is: Is) =>
    needs.filter((need): need is Extract<Need, { is: Is }> => need.is === is)
  const answers = await Promise.all<readonly (readonly [Need, Answer])[]>([
    inspectImages(clients, of('image')),
    inspectSecrets(clients, of('secret')),
    inspectParameters(clients, of('parameter')),
    inspectFiles(clients, of('environment file')),
    inspectRoles(clients, of('role')),
  ])
  const servicesOf = new Map(shared.map(({ need, services }) => [need, services]))
  return findingsOf(
    answers.flat().map(([need, answer]) => {
      return { need, answer, services: servicesOf.get(need) ?? [] }
    }),
  )
}

type Answered = Shared & { readonly answer: Answer }

/** Answers as findings; what was not seen is told once for each way in which looks failed. */
export function findingsOf(answered: readonly Answered[]): readonly Finding[] {
  const told = answered.flatMap(({ need, answer, services }): readonly Finding[] => {
    if (answer.is === 'there' || answer.is === 'unseen') return []
    const is = answer.is === 'lacking' ? 'obstacle' : 'doubt'
    return [{ service: namesText(services), is, what: need.is, why: answer.why, next: answer.next }]
  })
  const unseen = answered.flatMap(({ need, answer, services }) =>
    answer.is === 'unseen' ? [{ what: need.is, name: need.name, services, call: answer.call }] : [],
  )
  return [...told, ...unseenFindings(unseen)]
}

/** A look that failed. */
export interface Unseen {
  readonly what: string
  readonly name: string
  readonly services: readonly string[]
  readonly call: CallError
}

/** Looks that failed in the same way are one doubt. */
export function unseenFindings(unseen: readonly Unseen[]): readonly Finding[] {
  const failures = groupBy(unseen, ({ call }) => `${call.action} ${call.code}`)
  return [...failures.values()].flatMap((some): readonly Finding[] => {
    const [first] = some
    if (first === undefined) return []
    const { call, what } = first
    const services = new Set(some.flatMap((one) => one.services))
    const failed = isDenied(call) ? `${call.action} is not allowed` : `${call.action}: ${call.code}`
    const names = namesText([...new Set(some.map(({ name }) => name))])
    return [
      {
        service: namesText([...services]),
        is: 'doubt',
        what,
        why: `nobody looked whether this is there: ${what} ${names} (${failed})`,
        next: call.next,
      },
    ]
  })
}

/** Some names, and how many more. */
export function namesText(names: readonly string[]): string {
  const [most, rest] = [names.slice(0, 5), names.length - 5]
  return rest > 0 ? `${most.join(', ')} and ${rest} more` : most.join(', ')
}
