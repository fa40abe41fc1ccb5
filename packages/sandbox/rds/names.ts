import { createHash, randomBytes } from 'node:crypto'
import { invalidValue } from './errors.ts'

/** Where something lives. */
export interface Home {
  readonly account: string
  readonly region: string
}

/** The kinds of resources in an RDS ARN, as AWS abbreviates them. */
export type Kind = 'db' | 'snapshot' | 'pg' | 'subgrp' | 'og'

/** The ARN of an RDS resource. */
export const arnOf = ({ account, region }: Home, kind: Kind, name: string) =>
  `arn:aws:rds:${region}:${account}:${kind}:${name}`

/** The name in `value`, which is a name or an ARN of this account and region; undefined for any other ARN. Names are lower-case. */
export function nameIn(home: Home, kind: Kind, value: string): string | undefined {
  const prefix = arnOf(home, kind, '')
  if (value.startsWith(prefix)) return value.slice(prefix.length).toLowerCase()
  return value.startsWith('arn:') ? undefined : value.toLowerCase()
}

/**
 * Checks the name of something new and gives it in lower case, as RDS stores it. Throws InvalidParameterValue.
 * Rules: API reference of CreateDBInstance (at most 63 characters) and CreateDBSnapshot (255).
 */
export function newName(parameter: string, value: string, longest: number): string {
  if (!/^[a-z](-?[a-z0-9])*$/i.test(value) || value.length > longest) {
    throw invalidValue(
      `The parameter ${parameter} is not a valid identifier. Identifiers must begin with a letter; must contain only ASCII letters, digits, and hyphens; must not end with a hyphen or contain two consecutive hyphens; and must have at most ${longest} characters.`,
    )
  }
  return value.toLowerCase()
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A new `DbiResourceId`: `db-` and 26 letters and digits. */
export const newResourceId = () =>
  `db-${[...randomBytes(26)].map((byte) => LETTERS[byte % LETTERS.length]).join('')}`

/** An id in AWS's style, `sg-0123456789abcdef0`, which is always the same for the same words. */
export const steadyId = (prefix: string, ...words: string[]) =>
  `${prefix}-0${createHash('sha256').update(words.join('/')).digest('hex').slice(0, 16)}`

const two = (number: number) => String(number).padStart(2, '0')
const clockTime = (minutes: number) => `${two(Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat']

/** Random daily backup and weekly maintenance windows of 30 minutes, as AWS chooses when none are given. */
export function randomWindows(): { backup: string; maintenance: string } {
  const [a = 0, b = 0, c = 0] = randomBytes(3)
  const [backup, maintenance] = [(a % 16) * 30, 720 + (b % 16) * 30]
  const day = DAYS[c % 7]
  return {
    backup: `${clockTime(backup)}-${clockTime(backup + 30)}`,
    maintenance: `${day}:${clockTime(maintenance)}-${day}:${clockTime(maintenance + 30)}`,
  }
}
