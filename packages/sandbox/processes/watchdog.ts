import { spawn } from 'node:child_process'

/**
 * Kills process groups when this process is gone, however it went.
 * A process cannot clean up after its own SIGKILL, so a tiny shell waits at the other end of a pipe: it is told every
 * group that starts and ends, and when the pipe closes it kills the groups that are left.
 */
export interface Watchdog {
  watch(group: number): void
  forget(group: number): void
  close(): void
}

const SCRIPT = `
trap '' INT TERM HUP
groups=' '
while read -r verb group; do
  case "$verb" in
    watch) groups="$groups$group " ;;
    forget) case "$groups" in *" $group "*) groups="\${groups%% $group *} \${groups#* $group }" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`

/** Starts the watchdog; it ends by itself when closed or when this process ends. */
export function startWatchdog(): Watchdog {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  shell.unref()
  // A dead watchdog must not take the sandbox with it.
  shell.stdin.on('error', () => undefined)
  const say = (line: string) => void shell.stdin.write(`${line}\n`)
  return {
    watch: (group) => say(`watch ${group}`),
    forget: (group) => say(`forget ${group}`),
    close: () => void shell.stdin.end(),
  }
}
