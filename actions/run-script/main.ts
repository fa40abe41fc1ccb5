import { action } from '#action'
import { runScript, scriptSettings } from '#process'
import { inputs } from './inputs.ts'

void action({
  name: 'run-script',
  inputs,
  journal: 'deployment',
  settings: scriptSettings,
  run: ({ run, aws, settings, variables }) =>
    runScript(run, settings, { inherited: variables, aws }),
})
