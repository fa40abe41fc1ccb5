import { inTransaction, repeat, start } from './program.ts'

/** Turns events into actions, and writes an event of its own each second: a worker that reads and writes all the time. */
const program = start('event-processor')
let round = 0

async function process(): Promise<void> {
  if (round++ % 10 === 0) await program.database.query("insert into events (kind) values ('tick')")
  const done = await inTransaction(program, async (client) => {
    const taken = await client.query(
      `update events set processed_at = now() where id in
         (select id from events where processed_at is null order by id limit 20 for update skip locked)
       returning id, kind`,
    )
    for (const { id, kind } of taken.rows)
      await client.query(
        "insert into actions (event_id, name, status) values ($1, $2, 'waiting')",
        [id, kind],
      )
    return taken.rowCount ?? 0
  })
  if (done > 0) program.say('processed', { events: done })
}

await repeat(program, { every: 100, patience: 5 }, process)
