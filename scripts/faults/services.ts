// Kills the bundle of ecs-rollback at every mutating call of each work, runs it once more and compares; prints a line for each.
import { killed, startGround, whole, works } from '../../__tests__/support/bundles/services.ts'

/** So many at a time: most of a rollback is waiting. */
const lanes = 3

const ground = await startGround()
const began = performance.now()
const rows: (readonly string[])[] = []
try {
  for (const work of works) {
    const undisturbed = await whole(ground, work)
    console.log(`${work.name}: ${undisturbed.calls.length} mutating calls`)
    const marks = [
      ...undisturbed.calls.map((_, index) => ({ nth: index + 1, when: 'before' as const })),
      { nth: undisturbed.calls.length, when: 'after' as const },
    ]
    const lane = async () => {
      for (let mark = marks.shift(); mark; mark = marks.shift()) {
        const wrong = await killed(ground, undisturbed, mark).catch((thrown) => [String(thrown)])
        rows.push(wrong)
        const call = undisturbed.calls[mark.nth - 1]
        console.log(`${wrong.length === 0 ? 'ok    ' : 'WRONG '} ${mark.nth} ${mark.when} ${call}`)
        for (const line of wrong) console.log(`         ${line}`)
      }
    }
    await Promise.all(Array.from({ length: lanes }, lane))
  }
} finally {
  await ground.close()
}
const wrong = rows.filter((row) => row.length > 0)
const minutes = ((performance.now() - began) / 60_000).toFixed(1)
console.log(
  `\n${rows.length - wrong.length} of ${rows.length} kills of ecs-rollback ended as if there had been none, ${minutes} min`,
)
process.exit(wrong.length === 0 ? 0 : 1)
