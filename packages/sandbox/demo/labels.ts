/** A text that wants to stand at a place on a line. */
export interface Label {
  readonly x: number
  readonly width: number
}

/** How much room a text needs, at most: the widest common fonts are measured, as nothing can be asked here. */
export const widthOf = (text: string, size = 11): number => text.length * size * 0.64

const GAP = 6

/**
 * The row of each label, 0 being the lowest. Each text stands to the right of its mark, whose line rises to it from below row 0. No
 * text lies over another one, and no line crosses a text: a label is above every mark that its text spans.
 */
export function rowsOf(labels: readonly Label[]): readonly number[] {
  const order = labels.map((_, index) => index)
  // Of two at one place, the later one in the list stands lower.
  order.sort((a, b) => (labels[b]?.x ?? 0) - (labels[a]?.x ?? 0) || b - a)
  const rows: number[] = labels.map(() => 0)
  const placed: { readonly x: number; readonly row: number }[] = []
  for (const index of order) {
    const { x, width } = labels[index] ?? { x: 0, width: 0 }
    const spanned = placed.filter((one) => one.x <= x + width + GAP).map(({ row }) => row)
    const row = spanned.length > 0 ? Math.max(...spanned) + 1 : 0
    rows[index] = row
    placed.push({ x, row })
  }
  return rows
}

/** How much must stay free to the right of a plot that begins at `left`, so that every text ends within `total`. Places are shares of the plot, 0 to 1. */
export function roomFor(
  labels: readonly { readonly share: number; readonly width: number }[],
  { left, total, least }: { readonly left: number; readonly total: number; readonly least: number },
): number {
  const needed = labels
    .filter(({ share }) => share > 0)
    .map(({ share, width }) => (left + share * (total - left) + width - total) / share)
  return Math.max(least, ...needed)
}
