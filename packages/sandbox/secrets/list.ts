import { AwsError } from '../service.ts'
import type { Secret } from './vault.ts'

/** What ListSecrets was asked for. */
export interface ListSecretsInput {
  readonly IncludePlannedDeletion?: boolean
  readonly Filters?: readonly { readonly Key?: string; readonly Values?: readonly string[] }[]
  readonly SortOrder?: string
  readonly MaxResults?: number
  readonly NextToken?: string
}

function texts(secret: Secret, key: string): string[] {
  const keys = secret.tags.map((tag) => tag.Key ?? '')
  const values = secret.tags.map((tag) => tag.Value ?? '')
  switch (key) {
    case 'name':
      return [secret.name]
    case 'description':
      return [secret.description ?? '']
    case 'tag-key':
      return keys
    case 'tag-value':
      return values
    case 'all':
      return [secret.name, secret.description ?? '', ...keys, ...values]
    default:
      return []
  }
}

/** Prefix match, `!` in front negates; values of one filter are alternatives. Descriptions match without case. */
function passes(secret: Secret, key: string, values: readonly string[]): boolean {
  const fold = (text: string) =>
    key === 'description' || key === 'all' ? text.toLowerCase() : text
  const found = texts(secret, key).map(fold)
  return values.some((value) => {
    const negated = value.startsWith('!')
    const wanted = fold(negated ? value.slice(1) : value)
    return found.some((text) => text.startsWith(wanted)) !== negated
  })
}

/** The secrets that pass all filters, newest first unless SortOrder is `asc`. */
export function listSecrets(all: readonly Secret[], input: ListSecretsInput): Secret[] {
  const filters = input.Filters ?? []
  const order = input.SortOrder === 'asc' ? 1 : -1
  return all
    .filter((secret) => input.IncludePlannedDeletion || !secret.deletion)
    .filter((secret) => filters.every((one) => passes(secret, one.Key ?? '', one.Values ?? [])))
    .sort((a, b) => order * (a.created - b.created || a.name.localeCompare(b.name)))
}

/** One page: at most 100 items. Throws InvalidNextTokenException. */
export function page<Item>(
  items: readonly Item[],
  input: { MaxResults?: number; NextToken?: string },
): { items: Item[]; next: { NextToken?: string } } {
  const start = input.NextToken === undefined ? 0 : Number(input.NextToken)
  if (!Number.isInteger(start) || start < 0) {
    throw new AwsError('InvalidNextTokenException', 'Invalid NextToken')
  }
  const end = start + Math.min(input.MaxResults ?? 100, 100)
  return {
    items: items.slice(start, end),
    next: end < items.length ? { NextToken: String(end) } : {},
  }
}
