import { InputError } from '#core'
import { factsOf } from '../../../../packages/rollback/notify/facts.ts'
import { checkTemplate, usualTemplate } from '../../../../packages/rollback/notify/template.ts'
import {
  changeComment,
  ticketBody,
  ticketTitle,
  toldStatus,
  updatedBody,
} from '../../../../packages/rollback/notify/ticket.ts'
import { good, recordOf, waiting } from '../../../support/record.ts'
import { identity } from '../../../support/run.ts'
import { pointOf, testStore } from '../../../support/store.ts'
import { factsOfRecord } from '../../../support/told.ts'

const before = factsOfRecord(waiting(), ['consent: gh workflow run rollback.yml'])
const after = factsOfRecord(recordOf())
const body = ticketBody(usualTemplate, before)

describe('a new ticket', () => {
  test('says what happened, when, how it was found and what to do next', () => {
    for (const text of [
      '<!-- rollback-actions:record production/17/rollback-1 -->',
      'production is only partly back at production/12/after',
      'the data waits for consent to the plan p1',
      'consent: gh workflow run rollback.yml',
      '6 min 00 s from bad evidence until nothing of the bad release was served',
      '12 of 20 looks of the checks failed meanwhile',
      '| 2026-11-22 03:05:20 | ecs: update api, worker |',
      'found by the checks of verify-health',
      '| Action | Owner | Due |',
      '## What went well',
      'https://github.com/acme/shop/actions/runs/17',
    ])
      expect(body).toContain(text)
    expect(ticketTitle(before)).toBe(
      'Rollback production/17/rollback-1: bbbbbbbbbbbb was taken back',
    )
  })

  test('leads to what is taken back, when the good commit is known, on the server of the run', async () => {
    const destination = pointOf(await testStore(), 'production/12/after', { sha: good })
    const at = { ...identity, runUrl: 'https://git.acme.example/acme/shop/actions/runs/18' }
    const { links } = factsOf(recordOf(), { destination, next: [], identity: at })
    expect(links.map(({ url }) => url)).toContain(
      `https://git.acme.example/acme/shop/compare/${good}...${'b'.repeat(40)}`,
    )
  })
})

describe('a ticket that is brought up to date', () => {
  const updated = updatedBody(body, after)

  test('tells the end', () => {
    expect([toldStatus(body), toldStatus(updated)]).toEqual(['open partial', 'closed done'])
    expect(updated).toContain('production is back at production/12/after and healthy')
    expect(updated).toContain('closed by ada: healthy for 2 min')
    expect(updated).not.toContain('What to do next')
  })

  test('keeps what people wrote between the sections', () => {
    const edited = body
      .replace('## What went well\n\n-', '## What went well\n\n- Ada saw it within a minute')
      .replace('| | | |', '| Alarm on 5xx | Ada | Friday |')
    const now = updatedBody(edited, after)
    expect(now).toContain('- Ada saw it within a minute')
    expect(now).toContain('| Alarm on 5xx | Ada | Friday |')
    expect(now).toContain('is back at')
  })

  test('leaves a section alone that somebody edited, and fills in the others', () => {
    const edited = body.replace(
      '| 2026-11-22 03:05:20 | ecs: update api, worker |',
      '| 03:05 | both services |',
    )
    const now = updatedBody(edited, after)
    expect(now).toContain('| 03:05 | both services |')
    expect(now).not.toContain('closed by ada: healthy')
    expect(now).toContain('production is back at')
  })

  test('takes the line ends of GitHub’s editor for no edit', () => {
    expect(updatedBody(body.replaceAll('\n', '\r\n'), after)).toContain('production is back at')
  })

  test('does not bring back a section that somebody took out', () => {
    const without = body.replace(
      /<!-- rollback-actions:impact[\s\S]*?\/rollback-actions:impact -->/,
      '',
    )
    expect(updatedBody(without, after)).not.toContain('rollback-actions:impact')
  })

  test('is told anew what its status is when its mark is gone', () => {
    const without = body.replace(/<!-- rollback-actions:told .*\n/, '')
    expect(toldStatus(without)).toBeUndefined()
    expect(toldStatus(updatedBody(without, after))).toBe('closed done')
  })
})

test('a change is told below: what it is now, what it was', () => {
  const comment = changeComment(after, 'open partial')
  expect(comment).toMatch(
    /✅ \*\*production is back at .*\n\nIt was: open partial\.\n\nWhy: healthy/,
  )
})

describe('a team’s template', () => {
  test('is filled in', () => {
    const template = '# Incident in {{environment}}\n\n{{ timeline }}\n\nTaken back: {{commit}}.'
    const filled = ticketBody(checkTemplate('t.md', template), after)
    expect(filled).toContain('# Incident in `production`')
    expect(filled).toContain('Taken back: `bbbbbbbbbbbb`.')
    expect(updatedBody(ticketBody(template, before), after)).toBe(filled)
  })

  test.each([
    ['{{timelime}}', /\{\{timelime\}\} is not known \(known are \{\{actor\}\}, .*\{\{timeline\}\}/],
    ['{{ github.token }}', /\{\{github\.token\}\} is not known/],
    ['When: {{timeline}}', /\{\{timeline\}\} must stand on a line of its own/],
    ['{{parts}}\n{{parts}}', /\{\{parts\}\} may stand there once only/],
    ['{{record}}'.repeat(41), /more than 40 placeholders/],
    ['x'.repeat(15_001), /15001 characters: at most 15000/],
    [' \n', /it is empty/],
    ['<!-- rollback-actions:record production/1/rollback-1 -->', /a mark of this action/],
  ])('is refused: %j', (text, problem) => {
    let thrown: unknown
    try {
      checkTemplate('t.md', text)
    } catch (error) {
      thrown = error
    }
    expect(thrown).toBeInstanceOf(InputError)
    expect((thrown as InputError).problems[0]).toMatch(problem)
  })

  test('may be the usual one', () => {
    expect(checkTemplate('t.md', usualTemplate)).toBe(usualTemplate)
  })
})
