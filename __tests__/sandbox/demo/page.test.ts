import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { anchor, html, shown } from '../../../packages/sandbox/demo/html.ts'
import { landmarks, marksOf } from '../../../packages/sandbox/demo/marks.ts'
import { page } from '../../../packages/sandbox/demo/page.ts'
import { restoredOf } from '../../../packages/sandbox/demo/restored.ts'
import { entriesOf, tookOf } from '../../../packages/sandbox/demo/timeline.ts'
import { openBrowser } from '../../support/browser.ts'
import { hostile, marks, story } from './told.ts'

const [chapter] = story.chapters
if (!chapter) throw new Error('A story has a chapter')

describe('markup', () => {
  test('escapes every value that is not markup itself, in texts and in attributes', () => {
    const inner = html`<b>${'<i>'}</b>`
    expect(html`<p title="${'"\'&'}">${inner}${['<', 1]}${undefined}</p>`.html).toBe(
      '<p title="&quot;&#39;&amp;"><b>&lt;i&gt;</b>&lt;1</p>',
    )
  })

  test('draws signs and bars, for which many machines have no font', () => {
    expect(shown('✅ done ▁█ · ⚠️').html).not.toMatch(/>[^<]*[✅▁█⚠][^<]*</u)
    expect(shown('✅').html).toContain('aria-label="yes"')
    expect(shown('constructor').html).toBe('constructor')
  })

  test('has anchors of plain letters', () => {
    expect(anchor('run', '12', 'Put "it" back', '<x>')).toBe('run-12-put-it-back-x')
    expect(anchor('…')).toBe('x')
  })
})

describe('the marks of a chart', () => {
  test('are the steps that ended, the verdict, and when people were hurt', () => {
    expect(marksOf(chapter.evidence).map(({ text }) => text)).toEqual(marks)
  })

  test.each(landmarks.filter(({ job }) => job === 'rollback'))(
    'of the step $step are those of the workflow file',
    ({ step }) => {
      expect(readFileSync('.github/workflows/rollback.yml', 'utf8')).toContain(`id: ${step}\n`)
    },
  )

  test('leave out a step that had nothing to do, or failed', () => {
    const { bad } = chapter.evidence
    const idle = (id: string) => ({
      ...bad,
      steps: bad.steps.map((one) =>
        one.id === id ? { ...one, outputs: { outcome: 'unchanged' } } : one,
      ),
    })
    const failing = (id: string) => ({
      ...bad,
      events: bad.events.map((one) =>
        one.is === 'step-ends' && one.step === id ? { ...one, outcome: 'failure' as const } : one,
      ),
    })
    for (const run of [idle('code'), failing('code')])
      expect(marksOf({ ...chapter.evidence, bad: run }).map(({ text }) => text)).toEqual(
        marks.filter((text) => text !== 'code back'),
      )
  })
})

describe('what was restored', () => {
  const { evidence } = chapter
  const differing = (after: typeof evidence.after) =>
    restoredOf({ ...evidence, after })
      .filter(({ holds }) => !holds)
      .map(({ component }) => component)

  test('is all there when everything is as before, whatever could be seen in between', () => {
    expect(differing(evidence.after)).toEqual([])
    expect(restoredOf(evidence).filter(({ component }) => component === 'schema')).toMatchObject([
      { bad: 'not seen', holds: true },
    ])
  })

  test('is not, for each thing that differs', () => {
    const { after } = evidence
    const { site: _, ...without } = after
    expect(differing(without)).toEqual(['front end'])
    expect(differing({ ...after, configuration: {} })).toEqual([`secret ${hostile}`])
    const [first, ...others] = after.services
    if (!first) throw new Error('There is a service')
    expect(differing({ ...after, services: [{ ...first, digests: ['x'] }, ...others] })).toEqual([
      'service api',
    ])
    expect(differing({ ...after, doors: [...after.doors, { status: 200 }] })).toEqual([
      'front door',
    ])
    expect(differing({ ...after, database: { ...after.database, applied: [] } })).toEqual([
      'schema',
    ])
    expect(differing({ ...after, database: { ...after.database, refs: new Set(['a']) } })).toEqual([
      'data',
    ])
  })
})

describe('the timeline', () => {
  test('is in order, and what AWS did in a row is one entry', () => {
    const entries = entriesOf([...story.facts].reverse())
    expect(entries.slice(0, 3).map(({ who, facts }) => [who, facts.length])).toEqual([
      ['story', 1],
      ['workflow', 1],
      ['aws', 3],
    ])
  })

  test('knows how long a step took, and nothing of one that never ended', () => {
    const { bad } = chapter.evidence
    const name = { runId: bad.runId, job: 'rollback', step: 'code' }
    expect(tookOf([bad], name)).toBe(3500)
    expect(tookOf([{ ...bad, events: bad.events.slice(0, -1) }], { ...name, step: 'close' })).toBe(
      undefined,
    )
  })
})

describe('the page as a text', () => {
  test('refers to nothing but itself', () => {
    const text = page(story)
    const references = [...text.matchAll(/\s(?:src|href|srcset|action|data|style)="([^"]*)"/g)]
    expect(references.map(([, to = '']) => to).filter((to) => !/^(#|data:,$)/.test(to))).toEqual([])
    const [style = ''] = /<style>[\s\S]*?<\/style>/.exec(text) ?? []
    expect(style).not.toMatch(/url\(|@import/)
    expect(text).not.toMatch(/<(script|iframe|object|embed|img|base|form)\b/)
  })
})

/** Everything else needs one; where there is none, the text has to do. */
const browser = await openBrowser()
if (browser)
  describe('the page in a browser', () => {
    const file = join(tmpdir(), `page-${process.pid}.html`)
    beforeAll(() => writeFileSync(file, page(story)))
    afterAll(async () => {
      await browser?.close()
      rmSync(file)
    })

    /** Opens the page and answers what went wrong on it and what it asked for. */
    async function open(width: number, colorScheme: 'light' | 'dark') {
      if (!browser) throw new Error('There is no browser')
      const opened = await browser.newPage({ viewport: { width, height: 800 }, colorScheme })
      const [errors, requests]: [string[], string[]] = [[], []]
      opened.on('console', (message) => void errors.push(message.text()))
      opened.on('pageerror', (error) => void errors.push(error.message))
      opened.on('request', (request) => void requests.push(request.url()))
      await opened.goto(`file://${file}`)
      return { page: opened, errors, requests }
    }

    const look = <T>(opened: Page, script: string) => opened.evaluate<T>(script)

    test.each([
      [1280, 'light'],
      [1280, 'dark'],
      [400, 'light'],
      [400, 'dark'],
    ] as const)(
      'of %d px, %s, asks for nothing, runs nothing that was written, and scrolls down only',
      async (width, scheme) => {
        const seen = await open(width, scheme)
        expect(seen.errors).toEqual([])
        expect(seen.requests).toEqual([`file://${file}`])
        expect(await seen.page.title()).toBe('A bad release goes back by itself')
        const overflow =
          'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        expect(await look(seen.page, overflow)).toBe(0)
        const colour = 'getComputedStyle(document.body).backgroundColor'
        expect(await look(seen.page, colour)).toBe(
          scheme === 'dark' ? 'rgb(13, 17, 23)' : 'rgb(255, 255, 255)',
        )
      },
    )

    test('has every mark, and no two of their texts lie over each other or leave the drawing', async () => {
      const seen = await open(1280, 'light')
      const texts = `[...document.querySelectorAll('#release-11-chart .marks text')]`
      expect(await look(seen.page, `${texts}.map((one) => one.textContent)`)).toEqual(marks)
      const overlaps = `(() => { const boxes = ${texts}.map((one) => one.getBoundingClientRect())
      const edge = document.querySelector('#release-11-chart').getBoundingClientRect()
      return boxes.flatMap((a, i) => boxes.slice(i + 1).filter((b) =>
        a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom)).length
        + boxes.filter((one) => one.right > edge.right || one.top < edge.top).length })()`
      expect(await look(seen.page, overlaps)).toBe(0)
    })

    test('has ids once each, links that lead somewhere, and a name for every drawing', async () => {
      const seen = await open(1280, 'light')
      const ids = `[...document.querySelectorAll('[id]')].map((one) => one.id)`
      const all = await look<readonly string[]>(seen.page, ids)
      expect(all.filter((id, index) => all.indexOf(id) !== index)).toEqual([])
      const links = `[...document.querySelectorAll('a')].map((one) => one.getAttribute('href'))`
      const hrefs = await look<readonly string[]>(seen.page, links)
      expect(hrefs.filter((href) => !all.includes(href.slice(1)))).toEqual([])
      // Contents, marks and timeline lead to the summaries of the bad run.
      expect(hrefs.filter((href) => href === '#run-2-rollback-close')).toHaveLength(3)
      const unnamed = `[...document.querySelectorAll('svg')].filter((one) =>
      one.getAttribute('role') !== 'img' || !(one.getAttribute('aria-label') || one.querySelector('title'))).length`
      expect(await look(seen.page, unnamed)).toBe(0)
      const headings = `[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((one) => Number(one.tagName[1]))`
      const levels = await look<readonly number[]>(seen.page, headings)
      expect(levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)).toEqual([])
    })

    test('is well-formed: a parser of XML takes it, and nothing that was written is an element', async () => {
      const seen = await open(1280, 'light')
      const written = JSON.stringify(
        page(story)
          .replace('<!doctype html>', '')
          .replace(/<(meta|link)([^>]*)>/g, '<$1$2/>'),
      )
      const verdict = `(() => { const found = new DOMParser().parseFromString(${written}, 'application/xhtml+xml')
      return found.querySelector('parsererror')?.textContent ?? found.querySelectorAll('script, img').length })()`
      expect(await look(seen.page, verdict)).toBe(0)
      expect(await look(seen.page, `document.querySelectorAll('script, img').length`)).toBe(0)
      // It is shown as it was written.
      const text = hostile.slice(0, 40)
      expect(
        await look(seen.page, `document.body.textContent.includes(${JSON.stringify(text)})`),
      ).toBe(true)
    })
  })
