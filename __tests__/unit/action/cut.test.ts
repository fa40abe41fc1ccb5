import { expect, test } from '@jest/globals'
import { cut } from '../../../packages/action/cut.ts'

test('an action that is told to end says where it was, and first what goes on without it', () => {
  const ended = cut('SIGTERM', '2 services of prod: 1 of 2 tasks run', 'ECS goes on: run again')
  expect(ended).toMatchObject({
    outcome: 'inconclusive',
    headline: 'ended by SIGTERM in the middle of: 2 services of prod: 1 of 2 tasks run',
  })
  expect(ended.next?.[0]).toBe('ECS goes on: run again')
  expect(ended.next).toHaveLength(2)
  expect(cut('SIGINT', 'x', undefined).next).toHaveLength(1)
})
