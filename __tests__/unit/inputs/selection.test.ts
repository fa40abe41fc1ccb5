import { describe, expect, test } from '@jest/globals'
import { selection } from '#inputs'

const parse = selection({ pattern: /^[\w-]{1,255}$/, what: 'names' })

test.each([
  ['web', { by: 'names', names: ['web'] }],
  ['web, worker\napi', { by: 'names', names: ['web', 'worker', 'api'] }],
  ['tag', { by: 'names', names: ['tag'] }],
  ['web: shop-web', { by: 'map', map: { web: 'shop-web' } }],
  ['web: shop-web\nworker: shop', { by: 'map', map: { web: 'shop-web', worker: 'shop' } }],
  ['{"web": "shop-web"}', { by: 'map', map: { web: 'shop-web' } }],
  ['{web: shop-web, api: a}', { by: 'map', map: { web: 'shop-web', api: 'a' } }],
  ['tag: shop', { by: 'map', map: { tag: 'shop' } }],
  ['tag:team=shop', { by: 'tag', key: 'team', value: 'shop' }],
  ['tag:team=a=b', { by: 'tag', key: 'team', value: 'a=b' }],
  ['tag:on=', { by: 'tag', key: 'on', value: '' }],
])('%j is a selection', (given, value) => {
  expect(parse(given)).toEqual({ ok: true, value })
})

describe('is refused', () => {
  test.each([
    ['', 'names separated by commas'],
    [',', 'names separated by commas'],
    ['web,web', 'names without doubles'],
    ['web;ls', 'names (not "web;ls")'],
    ['web: a\nweb: b', 'names without doubles'],
    ['{"web": "a"', 'a map of name: word'],
    ['{}', 'a map of name: word'],
    ['web:', 'a map of names to the same'],
    ['web: 7', 'a map of names to the same'],
    ['web: {a: b}', 'a map of names to the same'],
    ['web: &a x\napi: *a', 'a map of name: word'],
    ['tag:team', 'tag:<key>=<value>'],
    ['tag:aws:ecs=x', 'tag:<key>=<value>'],
    [`tag:${'k'.repeat(129)}=x`, 'tag:<key>=<value>'],
  ])('%j', (given, expected) => {
    expect(parse(given)).toEqual({ ok: false, expected: expect.stringContaining(expected) })
  })
})
