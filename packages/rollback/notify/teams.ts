import { marks } from '#core'
import type { Facts, Link } from './facts.ts'
import { forTeams, shortened } from './text.ts'

const sizes = { title: 150, headline: 400, value: 250, why: 800 }

const run = (text: string, more: object = {}) => ({ type: 'TextRun', text, ...more })
const paragraph = (...inlines: readonly object[]) => ({ type: 'RichTextBlock', inlines })

/**
 * The message to Teams: an Adaptive Card 1.4 as a workflow with the trigger "When a Teams webhook request is received" takes it.
 * Teams refuses about 28 KB; this is less than half of it, also where a character counts as two bytes. What others wrote stands
 * in text runs only, which know no Markdown and no mentions.
 */
export function teamsMessage(facts: Facts, links: readonly Link[]): string {
  const { environment, outcome, open, headline, why, rows, id } = facts
  const title = `${marks[outcome]} Rollback of ${environment}: ${outcome}`
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    type: 'AdaptiveCard',
    version: '1.4',
    body: [
      paragraph(run(shortened(title, sizes.title, forTeams), { size: 'large', weight: 'bolder' })),
      paragraph(run(shortened(headline, sizes.headline, forTeams))),
      ...rows.map(([label, value]) =>
        paragraph(
          run(`${label}: `, { weight: 'bolder' }),
          run(shortened(value, sizes.value, forTeams)),
        ),
      ),
      ...(open && why !== ''
        ? [paragraph(run('Open, because '), run(shortened(why, sizes.why, forTeams)))]
        : []),
      paragraph(run(shortened(id, 200, forTeams), { isSubtle: true, size: 'small' })),
    ],
    actions: links.map(({ text, url }) => ({
      type: 'Action.OpenUrl',
      title: shortened(text, 60, forTeams),
      url,
    })),
  }
  return JSON.stringify({
    type: 'message',
    attachments: [
      { contentType: 'application/vnd.microsoft.card.adaptive', contentUrl: null, content },
    ],
  })
}
