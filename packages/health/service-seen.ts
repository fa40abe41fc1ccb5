import type { Late, Seen } from './sample.ts'

/** What the check of services asks for. */
export const expected = 'rollout complete, all tasks running and alike'

/** What is asked of task sets before anything can be said. */
export const readable = 'a PRIMARY task set with its tasks'

/** A bad sample that speaks of one service; `late` where it may only be early. */
export function bad(service: string, value: string, why: string, late?: Late): Seen {
  const seen = {
    class: 'bad',
    value: `${service}: ${value}`,
    expected,
    why: `${service}: ${why}`,
  } as const
  return late === undefined ? seen : { ...seen, late }
}

/** Evidence against a service that needs one re-read to count. */
export const hard = (service: string, value: string, why: string): Seen => ({
  ...bad(service, value, why),
  hard: `${service}: ${why}`,
})
