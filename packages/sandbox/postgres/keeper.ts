import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** Something that outlives the sandbox just long enough to end its database servers. */
export interface Keeper {
  /** To be called when the servers have ended: deletes the folder and waits for that. */
  close(): Promise<void>
}

/**
 * Waits until standard input closes, which happens however the sandbox ends, then ends every server whose folder
 * is below $1 and deletes $1. A process id read from a file counts only while its process works in that folder.
 * Unless the sandbox says that its servers have ended, it looks more than once, for one that was just being started.
 */
const SCRIPT = `
trap '' INT TERM HUP
looks=3
while read -r word; do [ "$word" = ended ] && looks=1; done
runs_in() {
  if [ -d /proc/self ]; then [ "$(readlink "/proc/$1/cwd")" = "$2" ]; else ps -o command= -p "$1" | grep -qF "$2"; fi
}
for try in 1 2 3 4 5 6 7 8; do
  running=
  for folder in "$1"/servers/*; do
    [ -f "$folder/postmaster.pid" ] && read -r pid < "$folder/postmaster.pid" || continue
    if runs_in "$pid" "$folder"; then running=1; kill -QUIT "$pid"; fi
  done
  [ -z "$running" ] && [ "$try" -ge "$looks" ] && break
  sleep 0.2
done
rm -rf "$1"
`

/**
 * Starts a keeper for the servers below `root/servers`, in a session of its own so that no signal to the sandbox's
 * group reaches it.
 */
export function keep(root: string): Keeper {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'keeper', root], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  child.unref()
  return {
    close: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = once(child, 'exit')
      child.ref()
      child.stdin.end('ended\n')
      await gone
    },
  }
}
