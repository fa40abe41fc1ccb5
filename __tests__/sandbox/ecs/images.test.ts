import { virtualClock } from '../../../packages/sandbox/index.ts'
import {
  digestOf,
  imageCatalogue,
  parseReference,
} from '../../../packages/sandbox/processes/images.ts'

describe('image references', () => {
  test.each([
    ['web', { repository: 'web', tag: 'latest' }],
    ['web:2', { repository: 'web', tag: '2' }],
    ['localhost:5000/team/web', { repository: 'localhost:5000/team/web', tag: 'latest' }],
    ['localhost:5000/web:2', { repository: 'localhost:5000/web', tag: '2' }],
    ['web@sha256:ab', { repository: 'web', digest: 'sha256:ab' }],
    ['web:2@sha256:ab', { repository: 'web', digest: 'sha256:ab' }],
  ])('%s', (reference, expected) => {
    expect(parseReference(reference)).toEqual(expected)
  })
})

describe('the image catalogue', () => {
  const one = { command: ['run', '1'], environment: { B: '2', A: '1' } }
  const two = { command: ['run', '2'] }

  test('gives equal content the same digest, whatever its name and the order of its environment', () => {
    const images = imageCatalogue(virtualClock())
    const digest = images.push('web:1', one).digest
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/)
    expect(images.push('other:9', { ...one, environment: { A: '1', B: '2' } }).digest).toBe(digest)
    expect(digestOf(two)).not.toBe(digest)
  })

  test('moves tags and keeps what they pointed at', () => {
    const images = imageCatalogue(virtualClock())
    const { digest } = images.push('web:latest', one)
    images.push('web:latest', two)
    expect(images.find('web')?.command).toEqual(['run', '2'])
    expect(images.find(`web@${digest}`)?.command).toEqual(['run', '1'])
    images.tag(`web@${digest}`, 'web:stable')
    expect(images.find('web:stable')?.digest).toBe(digest)
    expect(() => images.tag('web:none', 'web:x')).toThrow('No image "web:none"')
  })

  test('loses an image with its last tag, and all tags with an image', () => {
    const images = imageCatalogue(virtualClock())
    const { digest } = images.push('web:1', one)
    images.tag('web:1', 'web:2')
    expect(images.remove('web:1')).toBe(true)
    expect(images.find('web:2')?.digest).toBe(digest)
    images.tag('web:2', 'web:3')
    expect(images.remove(`web@${digest}`)).toBe(true)
    expect([images.find('web:2'), images.find('web:3'), images.remove('web:3')]).toEqual([
      undefined,
      undefined,
      false,
    ])
  })

  test('keeps an archived image out of reach until it is restored or pushed again', async () => {
    const clock = virtualClock()
    const images = imageCatalogue(clock)
    const { digest } = images.push('web:1', one)
    images.pull('web:1')
    const [before] = images.list()
    expect(before).toMatchObject({ status: 'ACTIVE', pulledAt: clock.now() })
    expect(images.archive(`web@${digest}`)).toBe(true)
    expect([images.find('web:1'), images.pull(`web@${digest}`)]).toEqual([undefined, undefined])
    expect(images.restore('web:1')).toBe(true)
    expect([images.list()[0]?.status, images.find('web:1')]).toEqual(['ACTIVATING', undefined])
    await clock.advance(20 * 60_000)
    expect([images.list()[0]?.status, images.find('web:1')?.digest]).toEqual(['ACTIVE', digest])
    images.archive('web:1')
    images.push('web:1', one)
    expect(images.find('web:1')?.digest).toBe(digest)
    expect([images.archive('web:9'), images.restore('nope:1')]).toEqual([false, false])
  })
})
