// Started by a test, which kills it: prints the pid of a program that it runs.
import { realClock } from '../../../packages/sandbox/clock.ts'
import { localRuntime } from '../../../packages/sandbox/processes/local.ts'

const running = await localRuntime(realClock()).start({
  reference: 'sleeper:1',
  image: { digest: 'sha256:0', command: [] },
  command: [process.execPath, '-e', 'setTimeout(() => {}, 60_000)'],
  environment: {},
  logFile: '/dev/null',
})
console.log(running.pid)
setInterval(() => undefined, 1000)
