import type { Answer, FetchOnce } from '#health'
import type { MemoryGateway } from '../../../packages/sandbox/index.ts'
import { customerOf, signedToken } from '../../../packages/sandbox/sample/programs/token.ts'
import type { Data } from './company.ts'
import { keyOf } from './configuration.ts'
import { type FrontEnd, siteUrl } from './front.ts'

/** The migrations after which no version's queries work. */
const breaking = ['20260904000000', '20260908000000', '20260909000000', '20260911000000']

export const isDoor = ({ reference }: { readonly reference: string }) =>
  reference.includes('/acme/api-gateway:')

const doorsOf = ({ runtime }: MemoryGateway) =>
  runtime.processes.filter((one) => one.alive() && isDoor(one.request))

type Door = ReturnType<typeof doorsOf>[number]

const variablesOf = ({
  request: { image, environment },
}: Door): Readonly<Record<string, string>> => ({
  ...image.environment,
  ...environment,
})

/**
 * Answers as the sample's front door and front end do: `/health` is 500 by a broken release, 503 when the queries do not fit the
 * ledger or the page size is no number; whatever is asked of the site comes from the edge before it.
 */
export function frontDoor(gateway: MemoryGateway, front: FrontEnd): FetchOnce {
  let asked = 0
  return async ({ url, method }) => {
    if (url.startsWith(siteUrl)) return front.visit(url.slice(siteUrl.length), method)
    const doors = doorsOf(gateway)
    const door = doors[asked++ % Math.max(1, doors.length)]
    if (!door) return { is: 'failed', code: 'ECONNREFUSED', message: 'nobody listens' }
    const { RELEASE, COMMIT } = variablesOf(door)
    return answer(statusOf(gateway, door), { release: RELEASE, commit: COMMIT })
  }
}

function statusOf({ data }: MemoryGateway, door: Door): number {
  const { FAULT, DATABASE_URL = '', FEATURE_FLAGS = '{}' } = variablesOf(door)
  if (FAULT === 'answers-5xx') return 500
  const { pageSize = 20 } = JSON.parse(FEATURE_FLAGS)
  const value = data.at(Number(new URL(DATABASE_URL).port))?.value as Data | undefined
  const fits = value !== undefined && !breaking.some((one) => value.applied.includes(one))
  return fits && Number.isFinite(pageSize) ? 200 : 503
}

/** How each door answers a customer whose token was signed with the first key. */
export function customerAnswer(gateway: MemoryGateway): string {
  const bearer = `Bearer ${signedToken('customer-1', keyOf(1))}`
  const all = doorsOf(gateway).map((door) =>
    customerOf(bearer, variablesOf(door).JWT_SECRET ?? '') ? statusOf(gateway, door) : 401,
  )
  return [...new Set(all)].join()
}

const answer = (status: number, body: object): Answer => ({
  is: 'answer',
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
  truncated: false,
})
