import { action } from '#action'
import { baselineOf, capturesOf, restorePoint, settings } from '#points'
import { inputs } from './inputs.ts'

void action({
  name: 'restore-point',
  inputs,
  journal: 'named-record',
  settings,
  run: ({ run, aws, store, settings: given, environment }) => {
    const captures = capturesOf(aws, environment?.config)
    const baseline = baselineOf(aws, environment?.config)
    return restorePoint(run, store, { captures, baseline }, given)
  },
})
