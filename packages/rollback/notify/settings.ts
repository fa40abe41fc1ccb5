/** What is told, and to whom. */
export interface NotifySettings {
  /** The record; the newest one when left out. */
  readonly record: string | undefined
  /** Undefined when no ticket is wanted. */
  readonly ticket: TicketSettings | undefined
  /** Addresses of webhooks, which are secrets. */
  readonly slack: string | undefined
  readonly teams: string | undefined
}

/** How a new ticket is made. */
export interface TicketSettings {
  /** The first of them is the one by which tickets are found. */
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
  /** Path of the team's own template. */
  readonly template: string | undefined
}

/** The inputs of mode `notify`. */
export interface NotifyInputs {
  readonly token: string | undefined
  readonly ticket: boolean
  readonly labels: readonly string[]
  readonly assignees: readonly string[] | undefined
  readonly template: string | undefined
  readonly 'slack-webhook': string | undefined
  readonly 'teams-webhook': string | undefined
}

/** What is wrong with the inputs of mode `notify`; never with a word of a webhook's address. */
export function notifyProblems(given: NotifyInputs): readonly string[] {
  const { ticket, token, 'slack-webhook': slack, 'teams-webhook': teams } = given
  return [
    ...(!ticket && slack === undefined && teams === undefined
      ? ['ticket: expected true, or slack-webhook, or teams-webhook: nobody would be told']
      : []),
    ...(ticket && token === undefined
      ? ['token: expected GitHub’s token (permissions with issues: write): a ticket is asked for']
      : []),
    ...problemOf('slack-webhook', slack),
    ...problemOf('teams-webhook', teams),
  ]
}

const problemOf = (name: string, url: string | undefined): readonly string[] =>
  url === undefined || isWebhook(url)
    ? []
    : [
        `${name}: expected an https URL without user and password (it is not shown: it may be a secret)`,
      ]

function isWebhook(text: string): boolean {
  const url = URL.parse(text)
  return url !== null && url.protocol === 'https:' && url.username === '' && url.password === ''
}

/** The settings of inputs that have no problem. */
export const notifySettings = (
  given: NotifyInputs & { readonly record: string | undefined },
): NotifySettings => ({
  record: given.record,
  ticket: given.ticket
    ? { labels: given.labels, assignees: given.assignees ?? [], template: given.template }
    : undefined,
  slack: given['slack-webhook'],
  teams: given['teams-webhook'],
})
