import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { assertOnlyPromised, rewriteForAct, suiteName, suiteRoot } from '../../support/act.ts'

const at = `@${suiteName.commit}`

describe('the rewrite for act', () => {
  test.each([
    ['      - uses: $/actions/x', `      - uses: acme/rollback-actions/actions/x${at}`],
    [
      '        uses: $/actions/a-b # why',
      `        uses: acme/rollback-actions/actions/a-b${at} # why`,
    ],
    [
      '    uses: ./.github/workflows/r.yml',
      `    uses: acme/rollback-actions/.github/workflows/r.yml${at}`,
    ],
    [
      '    uses: $/.github/workflows/r.yml',
      `    uses: acme/rollback-actions/.github/workflows/r.yml${at}`,
    ],
    ['  queue: max', undefined],
  ])('changes "%s"', (line, expected) => {
    const { text, changes } = rewriteForAct(`a\n${line}\nb`, suiteName)
    expect(text.split('\n')).toEqual(['a', ...(expected === undefined ? [] : [expected]), 'b'])
    expect(changes).toEqual([{ line: 2, from: line, to: expected }])
  })

  test.each([
    '      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1',
    '      - uses: acme/rollback-actions/actions/x@0000000000000000000000000000000000000000',
    '        uses: docker://alpine',
    '      # uses: $/actions/x',
    '      group: queue: max',
    '        run: ./scripts/deploy',
  ])('leaves "%s" alone', (line) => {
    expect(rewriteForAct(line, suiteName)).toEqual({ text: line, changes: [] })
  })

  test("leaves a caller's own references alone, but not the queue", () => {
    const text = '    uses: ./.github/workflows/own.yml\n  queue: max'
    expect(rewriteForAct(text).text).toBe('    uses: ./.github/workflows/own.yml')
  })
})

describe('the check of the rewrite', () => {
  const folder = join(suiteRoot(), '.github/workflows')

  test.each(readdirSync(folder))('%s differs only as promised', (file) => {
    const original = readFileSync(join(folder, file), 'utf8')
    const { text } = rewriteForAct(original, suiteName)
    expect(() => assertOnlyPromised(original, text, suiteName)).not.toThrow()
    expect(text).not.toMatch(/uses: \$\//)
  })

  test.each([
    ['another action', 'uses: $/actions/x', `uses: acme/rollback-actions/actions/y${at}`],
    [
      'another commit',
      'uses: $/actions/x',
      `uses: acme/rollback-actions/actions/x@${'0'.repeat(40)}`,
    ],
    ['a changed condition', 'if: ${{ always() }}', 'if: ${{ true }}'],
    ['a dropped line', 'a\nb', 'a'],
    ['an added line', 'a', 'a\nb'],
  ])('finds %s', (_, original, rewritten) => {
    expect(() => assertOnlyPromised(original, rewritten, suiteName)).toThrow()
  })
})
