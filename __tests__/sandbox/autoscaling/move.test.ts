import { move } from '../../../packages/sandbox/autoscaling/move.ts'

const suspended = {
  DynamicScalingInSuspended: false,
  DynamicScalingOutSuspended: false,
  ScheduledScalingSuspended: false,
}
const noIn = { ...suspended, DynamicScalingInSuspended: true }
const noOut = { ...suspended, DynamicScalingOutSuspended: true }

describe('scaling between 2 and 10', () => {
  test.each([
    ['follows load up', suspended, { desired: 3, deploying: false, load: 7 }, 7],
    ['stops at its maximum', suspended, { desired: 3, deploying: false, load: 70 }, 10],
    ['follows load down', suspended, { desired: 7, deploying: false, load: 3 }, 3],
    ['stops at its minimum', suspended, { desired: 7, deploying: false, load: 0 }, 2],
    ['goes up during a deployment', suspended, { desired: 3, deploying: true, load: 7 }, 7],
    [
      'does not go down during a deployment',
      suspended,
      { desired: 7, deploying: true, load: 3 },
      7,
    ],
    ['that is suspended outwards stays', noOut, { desired: 3, deploying: false, load: 7 }, 3],
    ['that is suspended outwards goes in', noOut, { desired: 7, deploying: false, load: 3 }, 3],
    ['that is suspended inwards stays', noIn, { desired: 7, deploying: false, load: 3 }, 7],
    ['that is suspended inwards goes out', noIn, { desired: 3, deploying: false, load: 7 }, 7],
    [
      'raises from below the minimum when it goes out',
      suspended,
      { desired: 0, deploying: false, load: 1 },
      2,
    ],
    [
      'leaves what is below the minimum without load',
      suspended,
      { desired: 1, deploying: false, load: 0 },
      1,
    ],
    [
      'never lowers above the maximum to go out',
      suspended,
      { desired: 12, deploying: false, load: 20 },
      12,
    ],
  ])('%s', (_, state, situation, expected) => {
    expect(move({ min: 2, max: 10, suspended: state }, situation)).toBe(expected)
  })
})
