import { reportSettings } from '#rollback'

const hook = 'https://hooks.slack.com/services/T000/B000/q1w2e3r4t5y6u7i8o9p0a1s2'
const given = {
  mode: 'notify' as const,
  ...{ environment: 'production', plan: undefined, record: undefined },
  ...{ reason: undefined, token: 'ghs_x', ticket: false, labels: ['rollback'] },
  ...{ assignees: undefined, template: undefined, 'slack-webhook': hook },
  'teams-webhook': undefined,
  settle: 0,
  'github-environment': undefined,
}

test('one of the three is enough', () => {
  expect(reportSettings(given)).toEqual({
    mode: 'notify',
    hubEnvironment: 'production',
    notify: { record: undefined, ticket: undefined, slack: hook, teams: undefined },
  })
})

test.each([
  [{ 'slack-webhook': undefined }, 'nobody would be told'],
  [{ ticket: true, token: undefined }, 'permissions with issues: write'],
  [{ 'slack-webhook': hook.replace('https', 'http') }, 'slack-webhook: expected an https URL'],
  [{ 'teams-webhook': 'q1w2e3r4t5y6u7i8o9p0a1s2' }, 'teams-webhook: expected an https URL'],
  [{ 'teams-webhook': 'https://u:q1w2e3r4t5y6u7i8o9p0a1s2@x' }, 'without user and password'],
  [{ record: 'latest' }, 'record: expected <environment>/<run id>/rollback-<n>'],
])('%j is refused, without a word of the address', (wrong, problem) => {
  let message = ''
  try {
    reportSettings({ ...given, ...wrong })
  } catch (thrown) {
    message = (thrown as Error).message
  }
  expect(message).toContain(problem)
  expect(message).not.toContain('q1w2e3r4t5y6u7i8o9p0a1s2')
})
