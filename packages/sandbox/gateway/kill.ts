import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Fault } from './faults.ts'
import type { Connection } from './wire.ts'

/** A port as it ends an address in /proc/net/tcp. */
const hex = (port: number) => `:${port.toString(16).toUpperCase().padStart(4, '0')}`

/** The inode of the client's socket of a loopback connection (Linux: /proc/net/tcp), or undefined. */
function socketInode({ clientPort, serverPort }: Connection): string | undefined {
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const [, local, remote, , , , , , , inode] = line.trim().split(/\s+/)
      const found = local?.endsWith(hex(clientPort)) && remote?.endsWith(hex(serverPort))
      if (found && inode !== '0') return inode
    }
  }
  return undefined
}

function holds(pid: number, link: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`) === link
      } catch {
        return false
      }
    })
  } catch {
    return false
  }
}

/** The process that owns the client side of a loopback connection (Linux only), or undefined if it is gone. */
export function callerPid(connection: Connection): number | undefined {
  const inode = socketInode(connection)
  if (!inode) return undefined
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).find((pid) => pid !== process.pid && holds(pid, `socket:[${inode}]`))
}

/** Does what a `kill` rule says: calls its function, or ends its process with SIGKILL. Throws if there is nothing to end. */
export async function kill(
  fault: Extract<Fault, { effect: 'kill' }>,
  connection: Connection | undefined,
): Promise<void> {
  if (fault.onKill) return await fault.onKill()
  const pid = fault.pid === 'caller' ? connection && callerPid(connection) : fault.pid
  if (pid === undefined) {
    throw new Error('A kill rule needs a pid, the pid of a caller over TCP, or a function')
  }
  process.kill(pid, 'SIGKILL')
}
