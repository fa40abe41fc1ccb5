import { AwsError } from '../service.ts'

/** One version of a secret's value. Values never leave this folder except as an answer to GetSecretValue. */
export interface Version {
  readonly id: string
  readonly created: number
  readonly text?: string
  readonly binary?: Uint8Array
}

/** Where each staging label sits: label -> version id. A version without a label is deprecated, not gone. */
export type Labels = Readonly<Record<string, string>>

const MOST_LABELS = 20
const DAY = 86_400_000

/** The labels on one version, in AWS's order: AWSCURRENT first, then as attached. */
export function labelsOn(labels: Labels, versionId: string): string[] {
  return Object.keys(labels)
    .filter((label) => labels[label] === versionId)
    .sort((a, b) => Number(b === 'AWSCURRENT') - Number(a === 'AWSCURRENT'))
}

/** Attaches a label; AWSPREVIOUS follows AWSCURRENT to the version that it leaves, so a move is a swap. */
export function attach(labels: Labels, label: string, versionId: string): Labels {
  const left = labels[label]
  if (left === versionId) return labels
  const follows = label === 'AWSCURRENT' && left !== undefined ? { AWSPREVIOUS: left } : {}
  const moved = { ...labels, [label]: versionId, ...follows }
  if (Object.keys(moved).length > MOST_LABELS) {
    throw new AwsError(
      'LimitExceededException',
      'You exceeded the maximum number of staging labels allowed on a secret.',
    )
  }
  return moved
}

/** What UpdateSecretVersionStage was asked to do. */
export interface Move {
  readonly label: string
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/**
 * Moves or removes a label: `from` is compared with where the label is (AWS's own compare-and-swap) and is mandatory
 * when it is on another version; AWSCURRENT can only be moved. Throws InvalidParameterException.
 * Source: API_UpdateSecretVersionStage.
 */
export function moveLabel(labels: Labels, { label, from, to }: Move): Labels {
  const at = labels[label]
  if (to === undefined) return removeLabel(labels, { label, from })
  if (at === to) return labels
  if (from !== at) throw wrongSource(label, at, from)
  return attach(labels, label, to)
}

function wrongSource(label: string, at: string | undefined, from: string | undefined): AwsError {
  const message =
    from === undefined
      ? `The parameter RemoveFromVersionId can't be empty. Staging label ${label} is currently attached to version ${at}, so you must explicitly reference that version in RemoveFromVersionId.`
      : `When you move staging label ${label}, if you specify RemoveFromVersionId, it must be set to the version that currently has the staging label ${label}.`
  return new AwsError('InvalidParameterException', message)
}

function removeLabel(labels: Labels, { label, from }: Move): Labels {
  if (from === undefined) {
    throw new AwsError(
      'InvalidParameterException',
      'You must specify at least one of MoveToVersionId and RemoveFromVersionId.',
    )
  }
  if (label === 'AWSCURRENT') {
    throw new AwsError(
      'InvalidParameterException',
      "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
    )
  }
  if (labels[label] !== from) {
    throw new AwsError(
      'InvalidParameterException',
      `The staging label ${label} is not attached to version ${from}.`,
    )
  }
  const { [label]: _, ...rest } = labels
  return rest
}

/** The versions (oldest first) that AWS keeps: all labelled ones, all of the last 24 hours, and otherwise the newest 100. */
export function kept(versions: readonly Version[], labels: Labels, now: number): Version[] {
  const newest = new Set(versions.slice(-100).map((version) => version.id))
  const labelled = new Set(Object.values(labels))
  return versions.filter(
    ({ id, created }) => newest.has(id) || labelled.has(id) || now - created < DAY,
  )
}

/** True if two versions hold the same value. */
export function sameValue(a: Omit<Version, 'id'>, b: Pick<Version, 'text' | 'binary'>): boolean {
  if (a.text !== b.text) return false
  if (!a.binary || !b.binary) return a.binary === b.binary
  return Buffer.from(a.binary).equals(Buffer.from(b.binary))
}
