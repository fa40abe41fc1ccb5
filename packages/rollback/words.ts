import type { Consent, Steps } from '#chain'

/** What is known of the consent to restoring data. */
export function consentText(consent: Consent, planId: string): string {
  switch (consent) {
    case 'not-needed':
      return 'not needed: no data goes back'
    case 'given':
      return `given to the plan ${planId}`
    case 'automatic':
      return 'given in advance (data-restore: automatic)'
    case 'missing':
      return `missing: the data stays as it is until somebody consents to the plan ${planId}`
    case 'never':
      return 'never (data-restore: never): the data stays as it is'
  }
}

/** The steps of a rollback in their order. */
export function orderText(steps: Steps): string {
  const named: readonly [keyof Steps, string][] = [
    ['stop', 'stop writers'],
    ['restore', 'restore the database beside the old one and cut over'],
    ['code', 'code'],
    ['start', 'start writers'],
    ['verify', 'verify'],
  ]
  return named
    .filter(([step]) => steps[step])
    .map(([, text]) => text)
    .join(' → ')
}
