import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

const LOWEST = 20000
const HIGHEST = 32000
const ATTEMPTS = 200

/**
 * A source of free loopback ports for programs that are told where to listen.
 * Below the kernel's ephemeral range, so that no outgoing connection takes a port between the check and the program's
 * own bind; a port is not handed out twice in a row by one source.
 */
export function portSource(): () => Promise<number> {
  const recent: number[] = []
  return async () => {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const port = randomInt(LOWEST, HIGHEST)
      if (recent.includes(port) || !(await isFree(port))) continue
      recent.push(port)
      if (recent.length > 500) recent.shift()
      return port
    }
    throw new Error(`No free port between ${LOWEST} and ${HIGHEST} after ${ATTEMPTS} attempts.`)
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
