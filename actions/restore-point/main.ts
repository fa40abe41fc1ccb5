import { action } from '#action'
import { connect } from '#config'
import { baselineOf, capturesOf, keepSecrets, restorePoint, settings } from '#points'
import { buttonCommand } from '#rollback'
import { inputs } from './inputs.ts'

void action({
  name: 'restore-point',
  inputs,
  journal: 'named-record',
  settings,
  run: ({ run, aws, github, store, settings: given, environment }) => {
    const captures = capturesOf(aws, environment?.config, store)
    const baseline = baselineOf(aws, environment?.config)
    const keep = keepSecrets(connect(aws))
    const ports = { captures, baseline, keep, github, button: buttonCommand }
    return restorePoint(run, store, ports, given)
  },
})
