import { describe, expect, test } from '@jest/globals'
import { parseDestination, settings } from '#site'

const second = (text: string) => Date.parse(text) / 1000

describe('a destination', () => {
  test.each([
    ['auto', { by: 'point', to: 'auto' }],
    ['last-verified', { by: 'point', to: 'last-verified' }],
    ['production/7/before', { by: 'point', to: 'production/7/before' }],
    [`manifest:${'a'.repeat(64)}`, { by: 'manifest', sha256: 'a'.repeat(64) }],
    ['2026-11-22T03:15:00Z', { by: 'time', second: second('2026-11-22T03:15:00Z') }],
    ['2026-11-22T03:15+02:00', { by: 'time', second: second('2026-11-22T01:15:00Z') }],
  ])('%s', (given, destination) => {
    expect(parseDestination(given)).toEqual({ destination })
  })

  test.each([
    '11/22/2026',
    '2026-11-22',
    '2026-11-22T03:15:00',
    '2026-11-22 03:15:00Z',
    '2026-11-22T03:15:00.500Z',
    '2026-13-45T03:15:00Z',
    'yesterday',
    'manifest:abc',
  ])('%s is none', (given) => {
    expect(parseDestination(given)).toHaveProperty('problem')
  })
})

const given = { mode: 'restore', to: 'auto', created: 'hide-documents' } as const
const environment = { site: { bucket: 'acme-site', prefix: 'app', distribution: 'E1' } }
const thrown = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return (error as Error).message
  }
  return ''
}

describe('settings', () => {
  test('come from the configuration, and a prefix is a folder', () => {
    expect(settings(given, environment)).toMatchObject({
      site: { bucket: 'acme-site', prefix: 'app/', distribution: 'E1' },
    })
  })

  test('of another bucket take nothing of the configured one', () => {
    expect(settings({ ...given, bucket: 'other-site' }, environment)).toMatchObject({
      site: { bucket: 'other-site', prefix: '', distribution: undefined },
    })
  })

  test('name every problem at once', () => {
    const message = thrown(() => settings({ ...given, to: 'yesterday' }, undefined))
    expect(message).toContain('bucket: give it')
    expect(message).toContain('to: expected auto')
  })

  test.each([
    [{ ...given, record: 'production/7/rollback-1', to: 'last-verified' }, /the one of the record/],
    [{ ...given, mode: 'capture', to: '2026-11-22T03:15:00Z' } as const, /mode capture has no/],
    [{ ...given, mode: 'capture', url: 'https://x.example' } as const, /url: mode capture/],
    [{ ...given, build: 'dist' }, /build: only mode redeploy/],
    [{ ...given, 'without-index': true }, /without-index: only mode redeploy/],
    [{ ...given, mode: 'capture', 'cache-control': 'file: x' } as const, /cache-control: only/],
    [{ ...given, mode: 'redeploy' } as const, /build: mode redeploy needs/],
    [
      { ...given, mode: 'redeploy', build: 'dist', to: 'last-verified' } as const,
      /to: mode redeploy/,
    ],
    [
      { ...given, mode: 'redeploy', build: 'dist', 'cache-control': 'x' } as const,
      /cache-control: exp/,
    ],
  ])('refuse what means nothing together: %#', (inputs, message) => {
    expect(thrown(() => settings(inputs, environment))).toMatch(message)
  })

  test('let a record go to a named time', () => {
    const inputs = { ...given, record: 'production/7/rollback-1', to: '2026-11-22T03:15:00Z' }
    expect(settings(inputs, environment)).toMatchObject({ destination: { by: 'time' } })
  })
})
