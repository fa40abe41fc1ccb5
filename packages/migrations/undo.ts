import type { PendingMigration } from '#store'
import { type Effect, effectsOf, type Loss, text } from './effects.ts'
import type { ReadParts } from './layouts.ts'
import { statements, tokenize } from './tokens.ts'

/** How a migration can be undone, and what its down loses. */
export type Undo = PendingMigration['undo'] & { readonly losses: readonly Loss[] }

const impossible = (why: string): Undo => ({ is: 'impossible', why, losses: [] })

/**
 * Judges whether the down of a migration takes back its up. Every statement of both must be understood, every effect of the up
 * must be answered by the down, and the down must do nothing else; all other migrations are `impossible` to undo by their down.
 */
export function judgeUndo(read: ReadParts): Undo {
  if (read.is === 'unread') return impossible(read.why)
  const { up, down } = read.parts
  if (down === undefined) return impossible('it has no down')
  const [made, undoing] = [effectsIn(up), effectsIn(down)]
  if (typeof made === 'string') return impossible(`its up: ${made}`)
  if (typeof undoing === 'string') return impossible(`its down: ${undoing}`)
  if (undoing.length === 0) return impossible('its down is empty')
  const destroyed = made.find(({ undoneBy }) => undoneBy.length === 0)
  if (destroyed) return impossible(`its up ${destroyed.does}, which no down brings back`)
  const why = unanswered(made, undoing)
  if (why !== undefined) return impossible(why)
  return judged(undoing)
}

/** What running these statements loses, whatever they answer: undefined when one of them is not understood. */
export function lossesOf(sql: string): readonly Loss[] | undefined {
  const effects = effectsIn(sql)
  return typeof effects === 'string' ? undefined : lossesIn(effects)
}

const lossesIn = (effects: readonly Effect[]) => effects.flatMap(({ loss }) => (loss ? [loss] : []))

function judged(undoing: readonly Effect[]): Undo {
  const losses = lossesIn(undoing)
  const does = undoing.map((effect) => effect.does).join(', ')
  if (losses.length === 0) return { is: 'lossless', why: `its down ${does}`, losses }
  return { is: 'lossy', why: `its down ${does}: what was written there since is lost`, losses }
}

function effectsIn(sql: string): readonly Effect[] | string {
  const read = tokenize(sql)
  if (!read.ok) return read.why
  const found: Effect[] = []
  for (const [index, statement] of statements(read.tokens).entries()) {
    const effects = effectsOf(statement)
    if (effects.is === 'unknown') return `statement ${index + 1}: ${effects.why}`
    found.push(...effects.effects)
  }
  return found
}

/**
 * Takes the effects of the up back one by one. Beside a rename a name means one thing or another by the order, so that then only
 * the exact reverse order is accepted.
 */
function unanswered(made: readonly Effect[], undoing: readonly Effect[]): string | undefined {
  const ordered = made.some(({ does }) => does.startsWith('renames'))
  let left = [...made]
  for (const undo of undoing) {
    const candidates = ordered ? left.slice(-1) : left
    const answered = candidates.findLast(({ undoneBy }) => undoneBy.includes(undo.does))
    if (answered === undefined) {
      const order = ordered
        ? ' (beside a rename the down must have the reverse order of the up)'
        : ''
      return `its down ${undo.does}, which does not take back what the up did${order}`
    }
    left = left.filter((effect) => effect !== answered && !goesWith(effect, undo))
  }
  const missing = left.map(({ does }) => does).join(', ')
  return left.length === 0 ? undefined : `its down does not take back that the up ${missing}`
}

/** Dropping a table or a column also drops indexes, constraints, triggers and defaults on it. */
function goesWith({ on }: Effect, { does, loss }: Effect): boolean {
  if (on === undefined || loss === undefined) return false
  if (text(loss.table) !== on.table) return false
  return loss.column === undefined ? does.startsWith('drops table') : on.columns.has(loss.column)
}
