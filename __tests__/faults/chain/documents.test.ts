import { describe, expect, jest, test } from '@jest/globals'
import { deploy } from '../../support/chain/chain.ts'
import { isOfStore } from '../../support/chain/invariants.ts'
import type { Machine } from '../../support/chain/machine.ts'
import { again, type Broken, broken, dies, first, story } from '../../support/chain/story.ts'

jest.setTimeout(300_000)

/** What may have become of a document. */
const wounds: readonly (readonly [string, (text: string) => string])[] = [
  ['is not JSON', () => '{"kind":'],
  ['has a version nobody knows', (text) => text.replace(/"version": ?1/, '"version": 2')],
  ['is of another environment', (text) => text.replace('"production"', '"staging"')],
  ['is of another account', (text) => text.replace('"123456789012"', '"999999999999"')],
]

const outside = ({ mutations }: Machine) =>
  mutations.filter((call) => !isOfStore(call)).map(({ operation }) => operation)

/** Changes the document whose key ends so, and answers its key. */
function wound({ bucket }: Broken, name: RegExp, how: (text: string) => string): string {
  const content = bucket.content as Map<string, string>
  const key = [...content.keys()].find((one) => name.test(one)) ?? ''
  const text = content.get(key) ?? ''
  const wounded = how(text)
  expect([key, wounded === text]).toEqual([key, false])
  content.set(key, wounded)
  return key.replace('acme-rollback/', '')
}

describe.each(wounds)('a document that %s', (_what, how) => {
  test.each([
    ['environment', /environment\.json$/],
    ['lease', /lease\.json$/],
    ['restore point', /1001\/before\.json$/],
  ])('stops a rollback before its first change, and is named: %s', async (_kind, name) => {
    const at = await broken(story.everything)
    const key = wound(at, name, how)
    const { machine, end } = first(at)
    const { conclusion, lines } = await end
    expect([conclusion, outside(machine)]).toEqual(['failure', []])
    expect(lines.join('\n')).toContain(key)
    await at.close()
  })

  test('stops a rollback that goes on with it, and is named: record', async () => {
    const at = await broken(story.everything)
    await first(at, dies(20, 'before')).end
    const key = wound(at, /1001\/rollback-1\.json$/, how)
    const machines: Machine[] = []
    const { conclusion, lines } = await again(at, 'the job again', {
      before: (_call, machine) => void machines.push(machine),
    })
    expect([conclusion, machines.at(0) && outside(machines[0] as Machine)]).toEqual(['failure', []])
    expect(lines.join('\n')).toContain(key)
    await at.close()
  })

  test('stops a deployment before its first change, and is named: pin', async () => {
    const at = await broken(story.everything)
    await first(at).end
    const key = wound(at, /pins\/.*\.json$/, how)
    const machine = at.machine()
    const run = { runId: '1005', attempt: 1, sha: at.run.sha }
    const { conclusion, lines } = await deploy(at, { run, machine })
    expect([conclusion, outside(machine)]).toEqual(['failure', []])
    expect(lines.join('\n')).toContain(key)
    await at.close()
  })

  test('stops the front end, which is not put back in part, and is named: manifest', async () => {
    const at = await broken(story.site)
    const [before] = [...at.bucket.content].filter(([key]) => key.endsWith('1001/before.json'))
    const { manifest } = JSON.parse(before?.[1] ?? '{}').components.site
    const key = wound(at, new RegExp(manifest.key), how)
    const { machine, end } = first(at)
    const { conclusion, lines } = await end
    const site = machine.mutations.filter(({ operation }) => operation === 'CopyObject')
    expect([conclusion, site]).toEqual(['failure', []])
    expect(lines.join('\n')).toContain(key)
    await at.close()
  })
})
