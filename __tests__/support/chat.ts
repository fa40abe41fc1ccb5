import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { ownCertificate } from './certificate.ts'

/** What Slack and Teams refuse, as far as they say so. */

/** A message that arrived. */
// biome-ignore lint/suspicious/noExplicitAny: any JSON.
export type Message = any

const isObject = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The members that an object may have, and must. */
const closed = (value: unknown, must: readonly string[], may: readonly string[] = []): boolean =>
  isObject(value) &&
  must.every((name) => name in value) &&
  Object.keys(value).every((name) => must.includes(name) || may.includes(name))

const textWithin = (value: Message, most: number, types: readonly string[]): boolean =>
  closed(value, ['type', 'text'], ['emoji', 'verbatim']) &&
  types.includes(value.type) &&
  typeof value.text === 'string' &&
  value.text.length >= 1 &&
  value.text.length <= most &&
  !(value.type === 'mrkdwn' && 'emoji' in value)

const either = ['plain_text', 'mrkdwn']
const blocks: Readonly<Record<string, (block: Message) => boolean>> = {
  header: (block) => closed(block, ['type', 'text']) && textWithin(block.text, 150, ['plain_text']),
  section: (block) =>
    closed(block, ['type'], ['text', 'fields']) &&
    (block.text !== undefined || block.fields !== undefined) &&
    (block.text === undefined || textWithin(block.text, 3000, either)) &&
    (block.fields === undefined ||
      (block.fields.length >= 1 &&
        block.fields.length <= 10 &&
        block.fields.every((one: Message) => textWithin(one, 2000, either)))),
  context: (block) =>
    closed(block, ['type', 'elements']) &&
    block.elements.length >= 1 &&
    block.elements.length <= 10 &&
    block.elements.every((one: Message) => textWithin(one, 3000, either)),
}

/** What Slack answers a message with, `ok` if it takes it (Block Kit reference; bolt-js#2509 for the whole). */
export function slackAnswer(text: string): string {
  let message: Message
  try {
    message = JSON.parse(text)
  } catch {
    return 'invalid_payload'
  }
  if (typeof message.text !== 'string' || message.text === '') return 'no_text'
  if (!closed(message, ['text', 'blocks'], ['unfurl_links', 'unfurl_media']))
    return 'invalid_payload'
  if (!Array.isArray(message.blocks) || message.blocks.length > 50) return 'invalid_blocks'
  if (!message.blocks.every((block: Message) => blocks[block.type]?.(block)))
    return 'invalid_blocks'
  return JSON.stringify(message.blocks).length > 13_000 ? 'msg_blocks_too_long' : 'ok'
}

/** The elements of an Adaptive Card 1.4 that are used: what each must and may have (adaptive-card.json of 1.5.0). */
const elements: Readonly<Record<string, { must: readonly string[]; may: readonly string[] }>> = {
  AdaptiveCard: { must: ['type', 'version', 'body'], may: ['$schema', 'actions'] },
  RichTextBlock: { must: ['type', 'inlines'], may: [] },
  TextRun: { must: ['type', 'text'], may: ['size', 'weight', 'isSubtle'] },
  'Action.OpenUrl': { must: ['type', 'url', 'title'], may: [] },
}

function isCard(value: unknown): boolean {
  if (!isObject(value)) return false
  const rule = elements[value.type]
  const children = [value.body, value.inlines, value.actions].flatMap((some) => some ?? [])
  return rule !== undefined && closed(value, rule.must, rule.may) && children.every(isCard)
}

/** Why Teams does not take a message; undefined if it does. About 28 KB, counted with two bytes for a character. */
export function teamsObjection(text: string): string | undefined {
  if (Math.max(Buffer.byteLength(text), 2 * text.length) > 28 * 1024) return 'RequestEntityTooLarge'
  let message: Message
  try {
    message = JSON.parse(text)
  } catch {
    return 'InvalidJson'
  }
  if (message.type !== 'message' || message.attachments?.length !== 1) return 'InvalidMessage'
  const [{ contentType, content }] = message.attachments
  if (contentType !== 'application/vnd.microsoft.card.adaptive') return 'InvalidContentType'
  return isCard(content) && content.actions.length <= 6 ? undefined : 'InvalidCard'
}

/** How a chat treats the next messages; without a trouble it is as strict as the real one. */
export type Trouble =
  | { readonly is: 'answer'; readonly status: number; readonly retryAfter?: number }
  | { readonly is: 'silence' }
  | { readonly is: 'reset' }
  | { readonly is: 'echo' }

/** Slack and Teams on 127.0.0.1, behind https with a certificate of their own. */
export interface Chat {
  /** The addresses, each with a secret in it. */
  readonly slack: string
  readonly teams: string
  /** What of the addresses nobody may see. */
  readonly secrets: readonly string[]
  /** A file with the certificate, for `NODE_EXTRA_CA_CERTS`. */
  readonly certificate: string
  /** The messages that were taken, oldest first. */
  readonly taken: { readonly slack: Message[]; readonly teams: Message[] }
  /** Every request, with what it was answered. */
  readonly answers: string[]
  trouble: Trouble | undefined
  close(): Promise<void>
}

const secretOf = (name: string) => `${name}${randomBytes(15).toString('hex')}`

/** Starts both. */
export async function startChat(folder: string): Promise<Chat> {
  const { key, cert } = ownCertificate()
  const certificate = join(folder, 'chat.pem')
  writeFileSync(certificate, cert)
  const [token, flow, signature] = [secretOf('tok'), secretOf('flow'), secretOf('sig')]
  const taken = { slack: [] as Message[], teams: [] as Message[] }
  const answers: string[] = []
  const server = createServer({ key, cert }, (message, response) => {
    void textIn(message).then((body) => {
      const { trouble } = chat
      const to = message.url?.includes(token) ? 'slack' : 'teams'
      const say = (status: number, text: string, headers: Record<string, string> = {}) => {
        answers.push(`${to} ${status} ${text}`)
        response.writeHead(status, headers).end(text)
      }
      if (trouble?.is === 'silence') return void answers.push(`${to} silence`)
      if (trouble?.is === 'reset') return void message.socket.destroy()
      if (trouble?.is === 'echo') return say(404, `no_service: ${message.url}`)
      if (trouble?.is === 'answer')
        return say(
          trouble.status,
          'trouble',
          trouble.retryAfter ? { 'retry-after': String(trouble.retryAfter) } : {},
        )
      const refused = to === 'slack' ? slackAnswer(body) : (teamsObjection(body) ?? 'ok')
      if (refused !== 'ok') return say(400, refused)
      taken[to].push(JSON.parse(body))
      say(to === 'slack' ? 200 : 202, to === 'slack' ? 'ok' : '')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const chat: Chat = {
    slack: `${at}/services/T000/B000/${token}`,
    teams: `${at}/workflows/${flow}/triggers/manual/paths/invoke?api-version=2016-06-01&sig=${signature}`,
    secrets: [token, flow, signature],
    ...{ certificate, taken, answers, trouble: undefined },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return chat
}

async function textIn(message: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}
