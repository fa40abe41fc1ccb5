import { describe, expect, test } from '@jest/globals'
import type { Written } from '#core'
import {
  planResumption,
  planSuspension,
  resumeCommand,
  type ScalableTarget,
  type Scaling,
} from '../../../packages/ecs/counts/scaling.ts'
import { planStart } from '../../../packages/ecs/counts/start.ts'
import { recordedScaling } from '../../../packages/ecs/recorded.ts'
import { entry, service } from './state.ts'

const off = { in: false, out: false, scheduled: false }
const all = { in: true, out: true, scheduled: true }
const partly = { in: false, out: false, scheduled: true }
const target = (suspended = off, min = 2): ScalableTarget => ({
  ...{ service: 'web', min, max: 10 },
  suspended,
})

describe('the suspension of one service', () => {
  test.each<[string, ScalableTarget | undefined, number, string]>([
    ['is sent', target(), 4, 'suspend'],
    ['is sent over one in part', target(partly), 4, 'suspend'],
    ['is sent below the minimum, where the count falls to 0 next', target(), 1, 'suspend'],
    ['is nothing without a target', undefined, 4, 'none'],
    ['is nothing where all is suspended', target(all), 4, 'none'],
    ['is sent at no task where that is inside of the bounds', target(off, 0), 0, 'suspend'],
    ['is not sent at no task where that would start some', target(), 0, 'left'],
  ])('%s', (_, live, desired, is) => {
    expect(planSuspension(live, desired).is).toBe(is)
  })
})

const suspend = (suspended = off, of = 'web') =>
  entry('suspend-scaling', { min: 2, max: 10, suspended }, of)
const resume = (suspended = off) => entry('resume-scaling', { suspended })
const known = (live?: ScalableTarget): Scaling => ({
  is: 'known',
  targets: new Map(live ? [[live.service, live]] : []),
})

describe('the resumption of one service', () => {
  test.each<[string, Scaling, Written[], string]>([
    ['is nothing without a suspension', known(target(all)), [], 'none'],
    ['is nothing after that of another', known(target(all)), [suspend(off, 'api')], 'none'],
    ['is sent', known(target(all)), [suspend()], 'resume'],
    ['is sent over a read that is too old', known(target()), [suspend()], 'resume'],
    ['is sent again when it never arrived', known(target(all)), [suspend(), resume()], 'resume'],
    ['is nothing once it is seen', known(target(partly)), [suspend(partly), resume()], 'none'],
    ['leaves what somebody changed', known(target({ ...all, out: false })), [suspend()], 'left'],
    ['leaves a service whose target is gone', known(), [suspend()], 'left'],
    ['is sent where nobody knows', { is: 'unknown' }, [suspend()], 'resume'],
    ['is not sent twice where nobody knows', { is: 'unknown' }, [suspend(), resume()], 'none'],
    ['of a second stop is sent', { is: 'unknown' }, [suspend(), resume(), suspend()], 'resume'],
  ])('%s', (_, scaling, entries, is) => {
    expect(planResumption(scaling, recordedScaling(entries, 'web'), 'web').is).toBe(is)
  })

  test('has the state that the last suspension found', () => {
    const recorded = recordedScaling([suspend(partly), resume(partly), suspend(off)], 'web')
    expect(recorded).toEqual({ min: 2, max: 10, suspended: off, resumed: false })
  })

  test('by hand is a command for the service by the name of its cluster', () => {
    const command = resumeCommand('arn:aws:ecs:us-east-1:123456789012:cluster/prod', 'web', partly)
    expect(command).toContain('--resource-id service/prod/web ')
    expect(command).toContain('=false,ScheduledScalingSuspended=true')
  })
})

describe('a start with a scaling minimum', () => {
  const stopped = (desiredCount: number) => [entry('stop', { desiredCount })]
  const at = (desired: number) => service({ desired, running: desired })
  test.each<[string, number, Written[], number, object]>([
    ['starts that many', 0, stopped(1), 4, { is: 'start', count: 4 }],
    ['starts the recorded count where it is more', 0, stopped(6), 4, { is: 'start', count: 6 }],
    ['raises what runs', 3, stopped(1), 4, { is: 'start', count: 4 }],
    ['never lowers what runs', 7, stopped(1), 4, { is: 'watch' }],
    ['starts nothing that had no task', 0, stopped(0), 4, { is: 'unchanged' }],
  ])('%s', (_, desired, entries, minimum, plan) => {
    expect(planStart(at(desired), entries, minimum)).toMatchObject(plan)
  })
})
