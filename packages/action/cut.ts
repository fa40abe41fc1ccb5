import type { Result } from '#core'

/**
 * How an action ends that is told to: at once, because the runner kills it in ten seconds, and without the outputs by which a later
 * step would take it for judged.
 */
export const cut = (signal: string, last: string, goesOn: string | undefined): Result => ({
  outcome: 'inconclusive',
  headline: `ended by ${signal} in the middle of: ${last}`,
  next: [
    ...(goesOn === undefined ? [] : [goesOn]),
    'every change was written down before it was sent: re-run the job, press the Rollback button, or leave it to rollback-resume, and it goes on here',
  ],
})
