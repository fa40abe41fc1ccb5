import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/** Sends a signal to a process; one that is gone is gone. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch {
    // It has ended already.
  }
}

/** The parent in `/proc/<pid>/stat`: the second number after the command, which may hold spaces and parentheses. */
function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

/** Every process of this machine with its parent. */
function processes(): readonly (readonly [pid: number, parent: number])[] {
  if (existsSync('/proc/self/stat')) {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name))
    return pids.map((pid) => [Number(pid), parentOf(pid)])
  }
  const table = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' })
  return table
    .trim()
    .split('\n')
    .map((line) => {
      const [pid = 0, parent = 0] = line.trim().split(/\s+/).map(Number)
      return [pid, parent]
    })
}

/** Every process below `root`, whatever its process group. */
export function descendants(root: number): readonly number[] {
  const all = processes()
  const below = (of: number): number[] =>
    all.flatMap(([pid, parent]) => (parent === of ? [pid, ...below(pid)] : []))
  return below(root)
}

/**
 * Kills a process and all below it, as a machine that is gone takes everything with it: act starts each step in a
 * process group of its own, so killing act's group would leave the steps alive. Stopped first, so that nothing new starts.
 */
export function killTree(root: number): void {
  signal(root, 'SIGSTOP')
  const below = descendants(root)
  for (const pid of below) signal(pid, 'SIGSTOP')
  for (const pid of [...descendants(root), ...below, root]) signal(pid, 'SIGKILL')
}
