import { describe, expect, test } from '@jest/globals'
import { needs, rollbackModes } from '#preflight'
import { actionDefinition } from '../../scripts/actions.ts'
import { grantedIn, readTable, storeActions } from '../../scripts/permissions.ts'
import { ownPath, readWorkflow } from '../../scripts/workflows.ts'
import { read } from './tree.ts'

/** What preflight asks about is what docs/permissions.md says that a rollback needs. */
const page = read('docs/permissions.md')
const table = readTable(page)

/** Each step of the rollback as a row of the table. */
const steps = (readWorkflow('.github/workflows/rollback.yml').jobs.rollback?.steps ?? []).flatMap(
  ({ uses, with: given }) => {
    const action = ownPath(uses)?.replace('actions/', '')
    if (action === undefined) return []
    const { mode = { default: '' } } = actionDefinition(action).inputs ?? {}
    return [`${action} ${given?.mode ?? mode.default ?? ''}`.trim()]
  },
)

test('the rows are those of the actions that rollback.yml runs', () => {
  const bookkeeping = ['rollback-report open', 'rollback-report close']
  expect([...new Set(steps)].sort()).toEqual([...rollbackModes, ...bookkeeping].sort())
  for (const row of bookkeeping)
    expect([...(table.get(row)?.always ?? []), ...(table.get(row)?.sometimes ?? [])]).toEqual([])
})

describe.each(rollbackModes)('%s', (mode) => {
  test('needs what the table lists, and nothing else', () => {
    const row = table.get(mode)
    const listed = new Set([...(row?.always ?? []), ...(row?.sometimes ?? [])])
    const asked = needs.filter(({ modes }) => modes.includes(mode)).map(({ action }) => action)
    expect([...new Set(asked)].sort()).toEqual([...listed].sort())
  })
})

test('what preflight sees for itself is what its own row lists', () => {
  const looked = needs.filter(({ on }) => on === 'looked').map(({ action }) => action)
  const row = table.get('preflight')
  const listed = new Set([...(row?.always ?? []), ...(row?.sometimes ?? [])])
  listed.delete('iam:SimulatePrincipalPolicy')
  expect([...new Set(looked)].sort()).toEqual([...listed].sort())
})

test('what belongs to no row is asked for beside a call, or by a name that the store has too', () => {
  const beside = needs.filter(({ modes }) => modes.length === 0).map(({ action }) => action)
  const named = beside.filter((action) => !storeActions.includes(action))
  const ofCodeDeploy = ['codedeploy:GetDeploymentConfig', 'codedeploy:RegisterApplicationRevision']
  expect(named).toEqual([...ofCodeDeploy, 'rds:AddTagsToResource', 'iam:PassRole'])
  expect(named.filter((action) => !grantedIn(page).has(action))).toEqual([])
})
