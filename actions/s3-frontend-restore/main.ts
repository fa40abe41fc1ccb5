import { action } from '#action'
import { changeSite, connect, settings, siteJournal } from '#site'
import { inputs } from './inputs.ts'

void action({
  name: 's3-frontend-restore',
  inputs,
  journal: siteJournal,
  settings,
  run: ({ run, aws, settings, store }) =>
    changeSite(run, { clients: connect(aws), store }, settings),
})
