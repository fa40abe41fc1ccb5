// What the bench prints: plain tables for a terminal.
import type { Comparison } from './statistics.ts'

/** A table with aligned columns, the first to the left and numbers to the right. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    widths
      .map((width, column) => {
        const cell = cells[column] ?? ''
        return column === 0 ? cell.padEnd(width) : cell.padStart(width)
      })
      .join('  ')
      .trimEnd()
  return [head, widths.map((width) => '-'.repeat(width)), ...rows].map(line).join('\n')
}

/** A ratio with what the noise leaves of it: `1.42 (1.31-1.55)`, with `~` where the quartiles have 1 between them. */
export function ratioText({ ratio, low, high, says }: Comparison): string {
  const unsure = says === 'same' ? '~' : ''
  return `${unsure}${ratio.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`
}

export const megabytes = (bytes: number) => (bytes / 1_000_000).toFixed(2)
export const milliseconds = (value: number) => value.toFixed(0)
/** Simulated seconds of real milliseconds at a time scale. */
export const simulated = (real: number, scale: number) => ((real * scale) / 1000).toFixed(1)
