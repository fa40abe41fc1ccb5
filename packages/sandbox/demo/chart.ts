import { type Html, html, px } from './html.ts'
import { type Label, roomFor, rowsOf, widthOf } from './labels.ts'
import type { Mark } from './marks.ts'
import { type Bin, binned, linear, type Measured, type Span, ticks } from './scale.ts'

/** What a traffic chart shows. */
export interface TrafficChart {
  /** Unique on the page. */
  readonly id: string
  readonly title: string
  /** Moment 0 of the axis. */
  readonly beginning: number
  readonly span: Span
  /** Milliseconds of one bar. */
  readonly every: number
  readonly requests: readonly Measured[]
  readonly visits: readonly Measured[]
  readonly marks: readonly Mark[]
  /** All releases of the story, so that each has one colour. */
  readonly releases: readonly string[]
  /** Where a mark leads. */
  readonly linkOf: (mark: Mark) => string | undefined
}

const WIDTH = 1000
const LEFT = 74
const ROW = 15
const BAND = 18
const PLOT = 130
const STRIP = 34
const PAD = 10

/** What the drawing's parts are measured with. */
interface Frame {
  readonly chart: TrafficChart
  readonly x: (at: number) => number
  /** Where the plot ends to the right. */
  readonly right: number
  /** Where the band of releases begins, below all labels. */
  readonly top: number
  readonly rows: readonly number[]
}

function frameOf(chart: TrafficChart): Frame {
  const { span, marks } = chart
  const share = linear(span, { from: 0, to: 1 })
  const widths = marks.map(({ text }) => widthOf(text))
  const wanted = marks.map(({ at }, index) => ({ share: share(at), width: widths[index] ?? 0 }))
  const right = WIDTH - roomFor(wanted, { left: LEFT, total: WIDTH, least: 12 })
  const x = linear(span, { from: LEFT, to: right })
  const labels = marks.map(
    ({ at }, index): Label => ({ x: x(at), width: (widths[index] ?? 0) + 4 }),
  )
  const rows = rowsOf(labels)
  const top = (Math.max(-1, ...rows) + 1) * ROW + 8
  return { chart, x, right, top, rows }
}

/** The releases that answered, in the order in which they were met. */
export function releasesOf(measured: readonly Measured[]): readonly string[] {
  return [...new Set(measured.flatMap(({ release }) => release ?? []))]
}

/** The class of a release's colour. */
export const colourOf = (releases: readonly string[], release: string) =>
  `r${releases.indexOf(release) % 4}`

/** Which release answered, bin by bin, by its share of all requests; each a little wider, so that no line shows between two. */
function band({ x, top }: Frame, bins: readonly Bin[], releases: readonly string[]): Html {
  const bars = bins.flatMap((bin) => {
    const all = bin.ok + bin.failed
    let y = top
    return [...bin.releases].map(([release, count]) => {
      const height = (count / all) * BAND
      y += height
      return html`<rect class="${colourOf(releases, release)}" x="${px(x(bin.from))}" y="${px(y - height)}" width="${px(x(bin.to) - x(bin.from) + 0.6)}" height="${px(height)}"/>`
    })
  })
  return html`<g class="band">${bars}</g>`
}

/** Stretches in which one release gave most answers, for their names. */
export function stretches(bins: readonly Bin[]): readonly (Span & { readonly release?: string })[] {
  const found: { from: number; to: number; release?: string }[] = []
  for (const { from, to, ok, failed, releases } of bins) {
    if (ok + failed === 0) continue
    const [most] = [...releases].sort(([, a], [, b]) => b - a)
    const release = most && most[1] * 2 > ok + failed ? most[0] : undefined
    const last = found.at(-1)
    if (last && last.release === release && last.to === from) last.to = to
    else found.push({ from, to, ...(release !== undefined && { release }) })
  }
  return found
}

function bandNames({ x, top }: Frame, bins: readonly Bin[]): readonly Html[] {
  return stretches(bins).flatMap(({ from, to, release }) => {
    const text = release === undefined ? 'no release answers' : `release ${release}`
    const width = x(to) - x(from)
    if (width < widthOf(text) + 6) return []
    const tone = release === undefined ? 'none' : 'named'
    return [
      html`<text class="${tone}" x="${px(x(from) + width / 2)}" y="${top + 13}" text-anchor="middle">${text}</text>`,
    ]
  })
}

/** Stacked bars of what went well and what failed. */
function columns(
  { x }: Frame,
  bins: readonly Bin[],
  { name, base, height, most }: { name: string; base: number; height: number; most: number },
): Html {
  const y = linear({ from: 0, to: most }, { from: 0, to: height })
  const bars = bins.flatMap(({ from, to, ok, failed }) => {
    const [left, width] = [px(x(from) + 0.5), px(Math.max(0.5, x(to) - x(from) - 1))]
    const bar = (is: string, count: number, below: number) =>
      count === 0
        ? []
        : [
            html`<rect class="${is}" x="${left}" y="${px(base - y(below + count))}" width="${width}" height="${px(y(count))}"/>`,
          ]
    return [...bar('ok', ok, 0), ...bar('failed', failed, ok)]
  })
  return html`<g class="${name}">${bars}</g>`
}

const most = (bins: readonly Bin[]) => Math.max(1, ...bins.map(({ ok, failed }) => ok + failed))

function marked({ chart, x, top, rows }: Frame, bottom: number): Html {
  const drawn = chart.marks.map((mark, index) => {
    const at = x(mark.at)
    const y = top - 8 - (rows[index] ?? 0) * ROW
    const text = html`<text x="${px(at + 4)}" y="${y}">${mark.text}</text>`
    const link = chart.linkOf(mark)
    return html`<g class="mark ${mark.tone}"><line x1="${px(at)}" x2="${px(at)}" y1="${y - 9}" y2="${bottom}"/>${link ? html`<a href="#${link}">${text}</a>` : text}</g>`
  })
  return html`<g class="marks">${drawn}</g>`
}

function axes(frame: Frame, { base, bottom, most }: Record<'base' | 'bottom' | 'most', number>) {
  const { chart, x, right } = frame
  const seconds = (at: number) => (at - chart.beginning) / 1000
  const span = { from: seconds(chart.span.from), to: seconds(chart.span.to) }
  const across = ticks(span, 12).map((value) => {
    const at = px(x(chart.beginning + value * 1000))
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${bottom}" y2="${bottom + 4}"/><text x="${at}" y="${bottom + 17}" text-anchor="middle">${value} s</text>`
  })
  const y = linear({ from: 0, to: most }, { from: base, to: base - PLOT })
  const up = ticks({ from: 0, to: most }, 5).map(
    (value) =>
      html`<line class="grid" x1="${LEFT}" x2="${px(right)}" y1="${px(y(value))}" y2="${px(y(value))}"/><text x="${LEFT - 6}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`,
  )
  return html`<g class="axis">${across}${up}</g>`
}

const counted = (bins: readonly Bin[]) => ({
  ok: bins.reduce((sum, { ok }) => sum + ok, 0),
  failed: bins.reduce((sum, { failed }) => sum + failed, 0),
})

/** The chart in words, for those who do not see it. */
export function describe(chart: TrafficChart): string {
  const { requests, visits, span, every, marks, beginning } = chart
  const seen = counted(binned(requests, span, every))
  const met = counted(binned(visits, span, every))
  const at = (moment: number) => `${((moment - beginning) / 1000).toFixed(1)} s`
  const moments = marks.map((mark) => `${at(mark.at)} ${mark.text}`).join('; ')
  const pages =
    visits.length > 0 ? ` Visits of the page: ${met.ok} whole, ${met.failed} broken.` : ''
  return `From ${at(span.from)} to ${at(span.to)}. Requests: ${seen.ok} served, ${seen.failed} failed.${pages} ${moments}.`
}

/** Requests and visits over time, which release answered, and what happened when. */
export function trafficChart(chart: TrafficChart): Html {
  const { id, title, span, every } = chart
  const frame = frameOf(chart)
  const requests = binned(chart.requests, span, every)
  const visits = binned(chart.visits, span, Math.max(1000, every))
  const top = frame.top + BAND + PAD
  const base = top + PLOT
  const strip = chart.visits.length > 0 ? { top: base + PAD, height: STRIP } : undefined
  const bottom = strip ? strip.top + strip.height : base
  const peak = most(requests)
  const height = bottom + 24
  const per = every === 1000 ? 'second' : `${every / 1000} s`
  return html`<svg class="chart traffic" id="${id}" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title><desc id="${id}-desc">${describe(chart)}</desc>
${axes(frame, { base, bottom, most: peak })}
<text class="name" x="0" y="${frame.top + 13}">answers of</text>
${band(frame, requests, chart.releases)}${bandNames(frame, requests)}
<text class="name" x="0" y="${top + 12}">requests</text><text class="name" x="0" y="${top + 26}">per ${per}</text>
${columns(frame, requests, { name: 'requests', base, height: PLOT, most: peak })}
${strip && html`<text class="name" x="0" y="${strip.top + 14}">visits of</text><text class="name" x="0" y="${strip.top + 28}">the page</text>${columns(frame, visits, { name: 'visits', base: bottom, height: strip.height, most: most(visits) })}`}
${marked(frame, bottom)}
</svg>`
}
