import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import type { Fault } from './faults.ts'

/** The inode of the loopback TCP socket whose own port is `port` (Linux: /proc/net/tcp), or undefined. */
function socketInode(port: number): string | undefined {
  const hexPort = port.toString(16).toUpperCase().padStart(4, '0')
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'utf8').split('\n').slice(1)) {
      const fields = line.trim().split(/\s+/)
      if (fields[1]?.endsWith(`:${hexPort}`) && fields[9] !== '0') return fields[9]
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
export function callerPid(port: number): number | undefined {
  const inode = socketInode(port)
  if (!inode) return undefined
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  return pids.map(Number).find((pid) => pid !== process.pid && holds(pid, `socket:[${inode}]`))
}

/** Does what a `kill` rule says: calls its function, or ends its process with SIGKILL. Throws if there is nothing to end. */
export async function kill(
  fault: Extract<Fault, { effect: 'kill' }>,
  peerPort: number | undefined,
): Promise<void> {
  if (fault.onKill) return await fault.onKill()
  const pid =
    fault.pid === 'caller' ? (peerPort === undefined ? undefined : callerPid(peerPort)) : fault.pid
  if (pid === undefined) {
    throw new Error('A kill rule needs a pid, the pid of a caller over TCP, or a function')
  }
  process.kill(pid, 'SIGKILL')
}
