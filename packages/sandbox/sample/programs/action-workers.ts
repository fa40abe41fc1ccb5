import { inTransaction, repeat, start } from './program.ts'

/** Does the actions that wait, each exactly once however many workers there are. */
const program = start('action-workers')

async function work(): Promise<void> {
  const done = await inTransaction(program, async (client) => {
    const taken = await client.query(
      "select id, name from actions where status = 'waiting' order by id limit 20 for update skip locked",
    )
    for (const { id } of taken.rows)
      await client.query("update actions set status = 'done', done_at = now() where id = $1", [id])
    return taken.rowCount ?? 0
  })
  if (done > 0) program.say('worked', { actions: done })
}

await repeat(program, { every: 100, patience: 5 }, work)
