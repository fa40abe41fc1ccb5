import type { Clock } from '../clock.ts'
import type { Exit, Probe, Running, Runtime, StartRequest } from './runtime.ts'

/** How a fake image behaves. All times are simulated milliseconds. */
export type Behaviour =
  /** With a path: it answers 200 there and 404 elsewhere. */
  | { readonly kind: 'healthy'; readonly path?: string }
  | { readonly kind: 'crashes'; readonly afterMs: number; readonly code: number }
  | { readonly kind: 'unhealthy'; readonly status: number }
  | { readonly kind: 'slow'; readonly startMs: number }
  | { readonly kind: 'stubborn' }
  | { readonly kind: 'not-executable' }

/** A fake program that is or was running. */
export interface FakeProcess {
  readonly request: StartRequest
  readonly pid: number
  readonly alive: () => boolean
  /** Ends it as if it had crashed. */
  crash(code: number): void
}

/** A runtime without processes, for virtual time. */
export interface FakeRuntime extends Runtime {
  /** Sets what an image does, by reference or digest, from now on: health also of tasks that already run. */
  behave(image: string, behaviour: Behaviour): void
  readonly processes: readonly FakeProcess[]
}

const STOPPING_TAKES = 1000

/** A fake runtime in which every image is healthy until told otherwise. */
export function fakeRuntime(clock: Clock): FakeRuntime {
  const behaviours = new Map<string, Behaviour>()
  const processes: FakeProcess[] = []
  let nextPort = 40000

  const behaviourOf = (request: StartRequest): Behaviour =>
    behaviours.get(request.reference) ?? behaviours.get(request.image.digest) ?? { kind: 'healthy' }

  const start = async (request: StartRequest): Promise<Running> => {
    const behaviour = behaviourOf(request)
    if (behaviour.kind === 'not-executable')
      throw new Error(`exec: "${request.command[0]}": executable file not found in $PATH`)
    const startedAt = clock.now()
    const { exited, end, alive } = ending()
    const pid = 1000 + processes.length
    processes.push({ request, pid, alive, crash: (code) => end({ code, signal: null }) })
    if (behaviour.kind === 'crashes')
      clock.after(behaviour.afterMs, () => end({ code: behaviour.code, signal: null }))
    const stop = async (graceMs: number) => {
      const stubborn = behaviourOf(request).kind === 'stubborn'
      const exit = stubborn ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null }
      clock.after(stubborn ? graceMs : STOPPING_TAKES, () => end(exit))
      await exited
    }
    const probe = async (path: string) =>
      look(behaviourOf(request), { path, ageMs: clock.now() - startedAt })
    return { pid, exited, stop, probe, settled: Promise.resolve() }
  }

  return {
    processes,
    start,
    behave: (image, behaviour) => void behaviours.set(image, behaviour),
    port: async () => nextPort++,
    close: async () => {
      for (const one of processes) one.crash(137)
    },
  }
}

function ending() {
  let over = false
  let resolve: (exit: Exit) => void = () => undefined
  const exited = new Promise<Exit>((done) => {
    resolve = done
  })
  const end = (exit: Exit) => {
    over = true
    resolve(exit)
  }
  return { exited, end, alive: () => !over }
}

function look(
  behaviour: Behaviour,
  { path, ageMs }: { readonly path: string; readonly ageMs: number },
): Probe {
  switch (behaviour.kind) {
    case 'unhealthy':
      return { kind: 'answer', status: behaviour.status }
    case 'slow':
      return ageMs < behaviour.startMs
        ? { kind: 'refused', detail: 'connection refused' }
        : { kind: 'answer', status: 200 }
    case 'healthy': {
      const known = behaviour.path === undefined || behaviour.path === path
      return { kind: 'answer', status: known ? 200 : 404 }
    }
    case 'crashes':
    case 'stubborn':
    case 'not-executable':
      return { kind: 'answer', status: 200 }
  }
}
