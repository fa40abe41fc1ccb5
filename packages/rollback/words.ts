import { type Consent, ordered, type Steps, stepWords } from '#chain'
import type { Profile } from '#store'

/** What is known of the consent to losing data. */
export function consentText(consent: Consent, planId: string): string {
  switch (consent) {
    case 'not-needed':
      return 'not needed: nothing is lost'
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
export const orderText = (profile: Profile, steps: Steps): string =>
  ordered(profile, steps)
    .map((step) => stepWords[step])
    .join(' → ')
