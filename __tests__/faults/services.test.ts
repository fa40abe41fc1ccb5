import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { type Ground, killed, startGround, whole, works } from '../support/bundles/services.ts'

/** A sample; `npm run check:faults -- services` kills at every mutating call. */
let ground: Ground
beforeAll(async () => {
  ground = await startGround()
}, 60_000)
afterAll(() => ground.close())

const marks = {
  'a release that is under way is taken back by ECS': 'StopServiceDeployment',
  'a release that is finished goes back to a destination that has to be registered again':
    'RegisterTaskDefinition',
  'a service is stopped, rolled back and started': 'UpdateService',
} as const

test.each(Object.entries(marks))(
  '%s: the bundle that is killed behind %s ends, run again, as if never killed',
  async (name, operation) => {
    const work = works.find((one) => one.name === name)
    if (!work) throw new Error(`no work ${name}`)
    const undisturbed = await whole(ground, work)
    expect(undisturbed.calls).toContain(operation)
    expect(await killed(ground, undisturbed, { operation, nth: 1, when: 'after' })).toEqual([])
  },
  180_000,
)
