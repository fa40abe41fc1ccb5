import { importsOf, referencesOf } from '../../../packages/health/html.ts'

const page = 'https://www.acme.example/app/index.html'
const refs = (html: string) => referencesOf(html, page).map(({ kind, url }) => `${kind} ${url}`)
const own = (kind: string, path: string) => [`${kind} https://www.acme.example${path}`]

describe('a document refers to', () => {
  test.each<[html: string, found: readonly string[]]>([
    ['<script src="/a.js"></script>', own('script', '/a.js')],
    ["<SCRIPT TYPE=module SRC='./a.js'></SCRIPT>", own('module', '/app/a.js')],
    ['<script src=a.js defer>', own('script', '/app/a.js')],
    ['<script type="text/javascript" src="/a.js"></script>', own('script', '/a.js')],
    ['<script type="application/json" src="/a.json"></script>', []],
    ['<script>var x = \'<script src="/no.js">\'</script>', []],
    ['<!-- <script src="/no.js"></script> --><img src="/a.png">', own('image', '/a.png')],
    ['<noscript><img src="/no.png"></noscript>', []],
    ['<template><script src="/no.js"></script></template>', []],
    ['<style>a { background: url("<img src=/no.png>") }</style>', []],
    ['<title><img src="/no.png"></title>', []],
    ['<link rel="stylesheet" href="/a.css">', own('style', '/a.css')],
    ['<link rel="alternate stylesheet" href="/a.css">', []],
    ['<link rel="modulepreload" crossorigin href="/a.js">', own('module', '/a.js')],
    ['<link rel="preload" as="font" href="/a.woff2">', own('other', '/a.woff2')],
    ['<link rel="preload" as="style" href="/a.css">', own('style', '/a.css')],
    ['<link rel="preload" as="fetch" href="/api">', []],
    ['<link rel="shortcut icon" href="/favicon.ico">', own('image', '/favicon.ico')],
    ['<link rel="manifest" href="/m.webmanifest">', own('other', '/m.webmanifest')],
    ['<link rel="canonical" href="/">', []],
    ['<link rel="preconnect" href="https://api.acme.example">', []],
    ['<img src="data:image/png;base64,xx"><img src=""><img>', []],
    ['<script src="javascript:alert(1)"></script>', []],
    ['<base href="/b/"><img src="a.png">', own('image', '/b/a.png')],
    ['<img src="/a.png?x=1&amp;y=2#top">', own('image', '/a.png?x=1&y=2')],
    ['<img src="/&#97;&#x2e;png">', own('image', '/a.png')],
    ['<img src="/a.png"><img src="/a.png">', own('image', '/a.png')],
    ['<img alt="a > b" src="/a.png">', own('image', '/a.png')],
    ['<img src="/a.png" src="/b.png">', own('image', '/a.png')],
    ['<img alt="never closed src=/no.png>', []],
    ['a < b <img src="/a.png">', own('image', '/a.png')],
    ['<script src="//cdn.example/a.js">', ['script https://cdn.example/a.js']],
    [
      '<script type="module">import "./b.js"; import("./no.js")</script>',
      own('module', '/app/b.js'),
    ],
    ['', []],
  ])('%s', (html, found) => {
    expect(refs(html)).toEqual(found)
  })

  test('a file with the hash that it must have', () => {
    const [found] = referencesOf('<script src="/a.js" integrity="sha384-abc"></script>', page)
    expect(found?.integrity).toBe('sha384-abc')
  })

  test('nothing that takes long to find in a hostile text', () => {
    const began = performance.now()
    for (const piece of ['<a "', '<!--', '<script ', "<a b='", '<', '<a b=c ', '<style><']) {
      refs(piece.repeat(20_000))
    }
    expect(performance.now() - began).toBeLessThan(5_000)
  })
})

describe('a module imports', () => {
  test.each<[source: string, found: readonly string[]]>([
    ['import{a as b,c}from"./v.js";const x=1', ['./v.js']],
    ['import "./a.js"\nimport b from \'../b.js\'', ['./a.js', '../b.js']],
    ['/* banner */ // x\n"use strict";import*as n from"/c.js";', ['/c.js']],
    [
      'import a, { b } from "./d.js" with { type: "json" };export*from"./e.js"',
      ['./d.js', './e.js'],
    ],
    ['export { x } from "./f.js"', ['./f.js']],
    ['import react from "react";import "./g.js"', ['./g.js']],
    ['import x from "https://cdn.example/x.js"', []],
    ['const t = `import "./no.js"`;import "./hoisted.js"', []],
    ['import("./lazy.js")', []],
    ['const a = 1', []],
    ['', []],
  ])('%s', (source, found) => {
    expect(importsOf(source).map(({ url }) => url)).toEqual(found)
  })
})
