import pg from 'pg'
import { realClock } from '../../clock.ts'

/** What each program of the sample company is made of: its settings, a log, a database, and an orderly end. */
export interface Program {
  readonly release: string
  readonly commit: string
  readonly fault: Fault
  readonly database: pg.Pool
  /** One line to standard output per event. */
  say(event: string, facts?: Readonly<Record<string, unknown>>): void
  /** Aborted when the program was asked to end. */
  readonly ending: AbortSignal
  /** Runs at the end, before the database is let go. */
  atEnd(close: () => Promise<void>): void
  /** Ends at once because going on makes no sense. */
  fail(why: string): never
}

/** What is wrong with a release, set in its image. */
export type Fault = 'none' | 'answers-5xx' | 'cannot-start'

const clock = realClock()

/** Waits real milliseconds, or less when the program ends. */
export async function pause(milliseconds: number, ending: AbortSignal): Promise<void> {
  if (ending.aborted) return
  await new Promise<void>((resolve) => {
    const timer = clock.after(milliseconds, () => {
      ending.removeEventListener('abort', onEnd)
      resolve()
    })
    const onEnd = () => {
      timer.cancel()
      resolve()
    }
    ending.addEventListener('abort', onEnd, { once: true })
  })
}

/** A variable that must be there. Throws when it is not: a program that starts without its settings fails later, in the dark. */
export function needed(name: string): string {
  const value = process.env[name]
  if (!value) throw new Error(`${name} is not set`)
  return value
}

function faultOf(given: string | undefined): Fault {
  return given === 'answers-5xx' || given === 'cannot-start' ? given : 'none'
}

/** Starts a program: reads its settings, opens the database, listens to SIGTERM. */
export function start(name: string): Program {
  const [release, commit] = [process.env.RELEASE ?? '?', process.env.COMMIT ?? '?']
  const say: Program['say'] = (event, facts = {}) => {
    const line = {
      at: new Date(clock.now()).toISOString(),
      program: name,
      release,
      event,
      ...facts,
    }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
  const fail = (why: string): never => {
    say('failed', { why })
    process.exit(1)
  }
  const fault = faultOf(process.env.FAULT)
  if (fault === 'cannot-start') fail("Cannot find module './settings/production.js'")
  const database = new pg.Pool({
    connectionString: needed('DATABASE_URL'),
    max: 4,
    connectionTimeoutMillis: 2000,
    application_name: `${name} ${release}`,
  })
  database.on('error', (error) => say('connection-lost', { why: error.message }))
  const controller = new AbortController()
  const closers: (() => Promise<void>)[] = []
  const end = async () => {
    if (controller.signal.aborted) return
    say('ending')
    controller.abort()
    await Promise.all(closers.map((close) => close()))
    await database.end()
    process.exit(0)
  }
  process.on('SIGTERM', () => void end())
  say('starting', { commit })
  const atEnd = (close: () => Promise<void>) => void closers.push(close)
  return { release, commit, fault, database, say, fail, ending: controller.signal, atEnd }
}

/** Does `work` again and again; after `patience` failures in a row the program ends with an error. */
export async function repeat(
  program: Program,
  { every, patience }: { readonly every: number; readonly patience: number },
  work: () => Promise<void>,
): Promise<void> {
  let failures = 0
  while (!program.ending.aborted) {
    try {
      await work()
      failures = 0
    } catch (error) {
      if (program.ending.aborted) return
      failures += 1
      program.say('query-failed', { failures, why: (error as Error).message })
      if (failures >= patience) program.fail(`${failures} queries failed in a row`)
    }
    await pause(every, program.ending)
  }
}

/** Does `work` in one transaction of its own connection. */
export async function inTransaction<T>(
  program: Program,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await program.database.connect()
  try {
    await client.query('begin')
    const result = await work(client)
    await client.query('commit')
    client.release()
    return result
  } catch (error) {
    // The connection may be the reason: it is not used again.
    client.release(true)
    throw error
  }
}
