import { expect, test } from '@jest/globals'
import { copySource, edgePath, edgePaths, kindOf } from '../../../packages/site/keys.ts'

test.each([
  ['index.html', 'site/index.html?versionId=v'],
  ['a b.html', 'site/a%20b.html?versionId=v'],
  ['a+b.html', 'site/a%2Bb.html?versionId=v'],
  ['ü/ä.html', 'site/%C3%BC/%C3%A4.html?versionId=v'],
  ['100%.html', 'site/100%25.html?versionId=v'],
  ['what?versionId=x.html', 'site/what%3FversionId%3Dx.html?versionId=v'],
  ['a#b&c=d.html', 'site/a%23b%26c%3Dd.html?versionId=v'],
])('the copy source of %s', (key, expected) => {
  expect(copySource('site', key, 'v')).toBe(expected)
})

test.each([
  ['index.html', '/index.html'],
  ['a b.html', '/a%20b.html'],
  ['a+b.html', '/a+b.html'],
  ['ü.html', '/%C3%BC.html'],
  ['100%.html', '/100%25.html'],
  ['a?b#c.html', '/a%3Fb%23c.html'],
])('the path of %s at the edge', (key, expected) => {
  expect(edgePath(key)).toBe(expected)
})

test.each([
  ['index.html', '', ['/index.html', '/']],
  ['docs/index.html', '', ['/docs/index.html', '/docs/']],
  ['about.html', '', ['/about.html']],
  ['app/index.html', 'app/', ['/app/index.html', '/app/', '/index.html', '/']],
  ['my-index.html', '', ['/my-index.html']],
])('%s below "%s" may be cached as %j', (key, prefix, expected) => {
  expect(edgePaths(key, prefix)).toEqual(expected)
})

test.each([
  ['assets/index-BkX3kd9a.js', 'asset'],
  ['assets/index-B-X3kd9_.css', 'asset'],
  ['assets/index-abcdefgh.js', 'asset'],
  ['static/js/main.3f2a91c0.chunk.js', 'asset'],
  ['static/js/main.3f2a91c0.js.map', 'asset'],
  ['3f2a91c0d3e84b5f.woff2', 'asset'],
  ['_next/static/chunks/pages/index-0c2f4d1e9a8b7c6d.js', 'asset'],
  ['_next/data/build/index.json', 'asset'],
  ['index.html', 'document'],
  ['about', 'document'],
  ['sitemap.xml', 'document'],
  ['manifest.webmanifest', 'document'],
  ['config.json', 'document'],
  ['app.js', 'file'],
  ['jquery-3.7.1.min.js', 'file'],
  ['my-component.js', 'file'],
  ['images/logo.png', 'file'],
  ['images/team-photograph.jpg', 'file'],
  ['sw.js', 'service-worker'],
  ['app/service-worker.js', 'service-worker'],
  ['ngsw.json', 'service-worker'],
  ['ngsw-worker.js', 'service-worker'],
  ['answers.js', 'file'],
])('%s is a %s', (key, kind) => {
  expect(kindOf(key)).toBe(kind)
})
