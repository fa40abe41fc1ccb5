import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Something that outlives the sandbox just long enough to end its database servers. */
export interface Keeper {
  /** Ends what still runs, deletes the folder and waits for both. */
  close(): Promise<void>
}

/**
 * Waits until standard input closes, which happens however the sandbox ends, then ends every server whose folder
 * is below $1 and deletes $1. A process id read from a file counts only while its process works in that folder.
 * It looks more than once, for a server that was being started in that moment.
 */
const SCRIPT = `
trap '' INT TERM HUP
cat >/dev/null
runs_in() {
  if [ -d /proc/self ]; then [ "$(readlink "/proc/$1/cwd")" = "$2" ]; else ps -o command= -p "$1" | grep -qF "$2"; fi
}
for try in 1 2 3 4 5 6 7 8; do
  running=
  for folder in "$1"/servers/*; do
    [ -f "$folder/postmaster.pid" ] && read -r pid < "$folder/postmaster.pid" || continue
    if runs_in "$pid" "$folder"; then running=1; kill -QUIT "$pid"; fi
  done
  [ -z "$running" ] && [ "$try" -ge "$2" ] && break
  sleep 0.2
done
rm -rf "$1"
`

/** Starts a keeper for the servers below `root/servers`, in a session of its own so that no signal to the sandbox's group reaches it. */
export function keep(root: string): Keeper {
  const start = (looks: number) =>
    spawn('/bin/sh', ['-c', SCRIPT, 'keeper', root, String(looks)], {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    })
  const child = start(3)
  child.unref()
  return {
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.ref()
      child.stdin.end()
      await ended
    },
  }
}
