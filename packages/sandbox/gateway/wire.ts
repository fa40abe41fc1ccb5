/** What travels between a client and the gateway, without sockets, so that tests can drive it in process. */

/** A loopback TCP connection: only both ports together name it, because clients of different servers may share one. */
export interface Connection {
  readonly clientPort: number
  readonly serverPort: number
}

/** One HTTP request, fully read. `url` is the path with its query; header names are lower case. */
export interface WireRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  /** The connection's two TCP ports, by which a `kill` fault finds the calling process. */
  readonly connection?: Connection
}

/** One HTTP answer, complete. */
export interface WireReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/** An answer, or a connection that breaks without one. */
export type WireAnswer = WireReply | { readonly reset: true }

/** An answer with a text body and its content type. */
export function textReply(status: number, contentType: string, text: string): WireReply {
  const body = new TextEncoder().encode(text)
  return {
    status,
    headers: { 'content-type': contentType, 'content-length': String(body.length) },
    body,
  }
}

/** An answer with a JSON body, as the admin calls give. */
export function jsonReply(status: number, value: unknown): WireReply {
  return textReply(status, 'application/json', `${JSON.stringify(value ?? null)}\n`)
}

/** The body as text. */
export function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body)
}
