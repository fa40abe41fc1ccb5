import { once } from 'node:events'
import { parseArgs } from 'node:util'
import { startSandbox } from './index.ts'

/** `npm run sandbox -- [--port 4566] [--scale 30] [--folder dir] [--github]`: runs until it is interrupted. */
const { values } = parseArgs({
  options: {
    port: { type: 'string' },
    scale: { type: 'string' },
    folder: { type: 'string' },
    github: { type: 'boolean', default: false },
  },
})

const sandbox = await startSandbox({
  ...(values.port !== undefined && { port: Number(values.port) }),
  ...(values.scale !== undefined && { scale: Number(values.scale) }),
  ...(values.folder !== undefined && { folder: values.folder }),
  github: values.github,
  log: (line) => console.error(line),
})

const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
for (const [name, value] of Object.entries(sandbox.env)) {
  console.log(`export ${name}=${quoted(value)}`)
}
console.log('unset AWS_SESSION_TOKEN AWS_PROFILE')
console.error(`The sandbox runs on ${sandbox.url} (log of calls: ${sandbox.url}/_sandbox/calls).`)
if (sandbox.github) console.error(`GitHub's API is at ${sandbox.github.url}.`)
console.error('Paste the lines above into another terminal; end it here with Ctrl-C.')

const [signal] = await Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')])
console.error(`${String(signal)}: ending its processes`)
await sandbox.close()
process.exit(0)
