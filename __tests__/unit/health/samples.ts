import type { Sample, Series } from '../../../packages/health/sample.ts'

export const start = Date.UTC(2026, 10, 22, 3, 0, 0)

const kinds: Readonly<Record<string, Partial<Sample>>> = {
  g: { class: 'good', value: '200', why: 'as expected' },
  b: { class: 'bad', value: '500', why: 'status 500' },
  s: { class: 'bad', late: 'starting', value: 'ECONNREFUSED', why: 'refused' },
  o: { class: 'bad', late: 'old-version', value: '200, aaaaaaa', why: 'version aaaaaaa answers' },
  p: { class: 'bad', late: 'in-progress', value: 'web: rolling out', why: 'rollout in progress' },
  h: { class: 'bad', hard: 'web: rollout FAILED', value: 'web: failed', why: 'rollout FAILED' },
  v: { class: 'void', value: '429', why: 'the runner seems blocked' },
}

/** Samples written as letters: good, bad, starting, old version, in progress, hard, void; a digit repeats the letter before. */
export function samples(text: string, every = 5_000): readonly Sample[] {
  const letters = text.replace(/([a-z])(\d+)/g, (_, letter: string, times: string) =>
    letter.repeat(Number(times)),
  )
  return [...letters].map((letter, index) => ({
    class: 'good',
    value: '',
    expected: '200',
    why: '',
    ms: 20,
    at: start + index * every,
    ...kinds[letter],
  }))
}

export function series(text: string, given: { every?: number; check?: string } = {}): Series {
  return { check: given.check ?? 'api', kind: 'http', samples: samples(text, given.every) }
}
