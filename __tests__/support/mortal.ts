import type { Journal } from '#core'
import { inProcessHandler } from '../../packages/sandbox/index.ts'

type Gateway = Parameters<typeof inProcessHandler>[0]
type Transport = Pick<ReturnType<typeof inProcessHandler>, 'handle'>

/** A machine that dies at its k-th mutating call: writes of the journal count as AWS's calls do. */
export interface Mortal {
  readonly transport: Transport
  readonly journal: Journal
  /** How many mutating calls were begun. */
  readonly count: () => number
  /** Resolves when it dies. */
  readonly death: Promise<'dead'>
}

/** A dead machine neither sends nor hears: what it waits for never comes. */
const never = <T>() => new Promise<T>(() => {})

/** Makes a machine between a gateway and a journal; `mutating` says which calls count, by their `X-Amz-Target`. */
export function mortal(
  of: { readonly gateway: Gateway; readonly journal: Journal; readonly mutating: RegExp },
  k: number,
  when: 'before' | 'after',
): Mortal {
  let count = 0
  let dead = false
  let die: (value: 'dead') => void = () => {}
  const death = new Promise<'dead'>((resolve) => {
    die = resolve
  })
  const mutate = async <T>(work: () => Promise<T>): Promise<T> => {
    if (dead) return never()
    count += 1
    const last = count === k
    dead = dead || last
    if (last && when === 'before') {
      die('dead')
      return never()
    }
    const done = await work()
    if (!last) return dead ? never() : done
    die('dead')
    return never()
  }
  const inner = inProcessHandler(of.gateway)
  const transport: Transport = {
    handle: (request) => {
      const target = request.headers['x-amz-target'] ?? ''
      if (of.mutating.test(target)) return mutate(() => inner.handle(request))
      return dead ? never() : inner.handle(request)
    },
  }
  const { journal: kept } = of
  const journal: Journal = { ...kept, intend: (planned) => mutate(() => kept.intend(planned)) }
  return { transport, journal, count: () => count, death }
}
