import { describe, expect, test } from '@jest/globals'
import { faultsOf, rowsOf } from './evidence.ts'
import { read } from './tree.ts'

const page = 'docs/ecs.md'
const failures = Array.from({ length: 18 }, (_, index) => String(index + 1))
const classes = [...'ABCDEFGHIJKLMN']

describe(page, () => {
  const rows = rowsOf(read(page))

  test('has every failure and every class, once', () => {
    expect(rows.map(({ id }) => id)).toEqual([...failures, ...classes])
  })

  test('names only tests that are there, and says how a failure is known', () => {
    expect(rows.flatMap(faultsOf)).toEqual([])
  })

  test('the README of the action lists what is only inferred', () => {
    const unproven = rows
      .filter(({ cells }) => cells[3]?.startsWith('inferred'))
      .map(({ id }) => id)
    const readme = read('actions/ecs-rollback/README.md')
    const listed = /^## Unproven on AWS$([\s\S]*?)(?=^## |$(?![\s\S]))/m.exec(readme)?.[1] ?? ''
    const named = [...listed.matchAll(/\(case ([0-9]+|[A-N])\)/g)].map(([, id]) => id)
    expect(named).toEqual(unproven)
  })
})
