import { marks } from '#core'
import type { Facts, Link } from './facts.ts'
import { forSlack, shortened } from './text.ts'

/**
 * Slack's limits: 150 characters in a header, 3,000 in a section, 2,000 in each of at most 10 fields, 50 blocks. Beside
 * them it refuses messages of about 13,000 characters in all (slackapi/bolt-js#2509): this one has less than half of that.
 */
const sizes = { header: 150, headline: 400, field: 250, why: 800, text: 400, fields: 10 }

const words = (text: string) => ({ type: 'plain_text', text, emoji: false })

/**
 * The message to Slack, for an incoming webhook. What others wrote stands in plain texts only, where Slack reads no
 * mentions and no formatting; links are our own.
 */
export function slackMessage(facts: Facts, links: readonly Link[]): string {
  const { environment, outcome, open, headline, why, rows, id } = facts
  const title = `${marks[outcome]} Rollback of ${environment}: ${outcome}`
  const linked = links
    .map(({ text, url }) => `<${url}|${shortened(text, 80, forSlack)}>`)
    .join(' · ')
  return JSON.stringify({
    text: shortened(`${title}: ${headline}`, sizes.text, forSlack),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      { type: 'header', text: { ...words(shortened(title, sizes.header)), emoji: true } },
      { type: 'section', text: words(shortened(headline, sizes.headline, forSlack)) },
      {
        type: 'section',
        fields: rows
          .slice(0, sizes.fields)
          .map(([label, value]) => words(`${label}\n${shortened(value, sizes.field, forSlack)}`)),
      },
      ...(open && why !== ''
        ? [
            {
              type: 'section',
              text: words(`Open, because ${shortened(why, sizes.why, forSlack)}`),
            },
          ]
        : []),
      ...(linked === '' ? [] : [{ type: 'section', text: { type: 'mrkdwn', text: linked } }]),
      { type: 'context', elements: [words(shortened(id, 200, forSlack))] },
    ],
  })
}
