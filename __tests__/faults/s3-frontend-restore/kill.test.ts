import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { good, type Scene, scene } from '../../actions/s3-frontend-restore/scene.ts'

async function broken(): Promise<Scene> {
  const at = await scene()
  await at.takePoint()
  at.deployBad()
  return at
}

type Way = Pick<NonNullable<Parameters<Scene['run']>[0]>, 'mode' | 'build'>

/** The good release as a folder. */
function folder(): string {
  const root = mkdtempSync(join(tmpdir(), 'build-'))
  for (const [name, content] of Object.entries(good)) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return root
}
const redeploy: Way = { mode: 'redeploy', build: folder() }

/** Runs until the k-th mutating call, before or after it arrived; a dead machine hears nothing any more. */
async function dieAt(
  at: Scene,
  { k, when, way }: { k: number; when: 'before' | 'after'; way: Way },
): Promise<'dead' | 'alive'> {
  let count = 0
  let dead = false
  let die: (value: 'dead') => void = () => {}
  const death = new Promise<'dead'>((resolve) => {
    die = resolve
  })
  const never = () => new Promise<never>(() => {})
  const step = async (now: 'before' | 'after', mutating: boolean) => {
    if (dead) return never()
    if (!mutating) return
    if (now === 'before') count += 1
    if (count < k || now !== when) return
    dead = true
    die('dead')
    return never()
  }
  const mutating = (name: string) => /^(Copy|Put|Delete|Create)/.test(name)
  at.bucket.fault = (name) => step('before', mutating(name))
  at.bucket.after = () => step('after', true)
  const kept = at.journal()
  const journal = {
    ...kept,
    intend: async (entries: Parameters<typeof kept.intend>[0]) => {
      await step('before', true)
      await kept.intend(entries)
      await step('after', true)
    },
  }
  const ended = await Promise.race([
    at.run({ ...way, journal }).then(() => 'alive' as const),
    death,
  ])
  at.bucket.fault = undefined
  at.bucket.after = undefined
  return ended
}

const serving = (at: Scene) => ({
  serves: at.bucket.serves(),
  redone: ['index.html', 'sw.js', '404.html'].map((key) => at.bucket.versions(key).length),
})

describe('killed at any mutating call and run again', () => {
  test.each([
    ['a restore', 'before', {}],
    ['a restore', 'after', {}],
    ['a build', 'before', redeploy],
    ['a build', 'after', redeploy],
  ] as const)(
    '%s, %s it arrived, ends as if never killed',
    async (_what, when, way) => {
      const whole = await broken()
      expect(await dieAt(whole, { k: Number.POSITIVE_INFINITY, when, way })).toBe('alive')
      const expected = serving(whole)
      let k = 1
      for (; ; k++) {
        const at = await broken()
        const first = await dieAt(at, { k, when, way })
        if (first === 'alive') break
        at.clock.advance(5_000)
        const second = await at.run(way)
        expect({ k, left: second.outputs?.['objects-left'], ...serving(at) }).toEqual({
          k,
          left: '0',
          ...expected,
        })
        expect({ k, outcome: second.outcome }).toMatchObject({
          outcome: expect.stringMatching(/^(done|unchanged)$/),
        })
        const paths = at.bucket.invalidations.flatMap((one) => one.paths)
        expect({ k, has: paths.includes('/index.html') && paths.includes('/new.html') }).toEqual({
          k,
          has: true,
        })
      }
      expect(k).toBeGreaterThan(12)
    },
    60_000,
  )
})
