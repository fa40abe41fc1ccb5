// Ends the bundles of a rollback at every mutating call and compares; prints a table as it goes. Killed (SIGKILL), the job is run once
// more; cancelled (argument `signals`), the scheduled workflow finishes it.
import {
  interrupt,
  kill,
  killsOf,
  type Row,
  whole,
} from '../../__tests__/support/bundles/matrix.ts'

/** So many companies at a time: most of a rollback is waiting. */
const lanes = 3

/** Works through a list in lanes. */
async function inLanes<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const rest = [...list]
  const lane = async () => {
    for (let one = rest.shift(); one !== undefined; one = rest.shift()) await work(one)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

const text = ({ release, k, when, call, seconds, wrong }: Row) =>
  [
    `${wrong.length === 0 ? 'ok    ' : 'WRONG '} release ${String(release).padEnd(2)}  ${String(k).padStart(3)} ${when.padEnd(6)} ${call.padEnd(52)} ${seconds.toFixed(1).padStart(6)} s`,
    ...wrong.map((line) => `         ${line}`),
  ].join('\n')

const isCancelled = process.argv.includes('signals')
const end = isCancelled ? interrupt : kill
const words = isCancelled ? 'cancellations' : 'kills'

async function matrix(): Promise<readonly Row[]> {
  const rows: Row[] = []
  const ends = { 3: await whole(3), 4: await whole(4), 11: await whole(11) }
  const kills = ([3, 4, 11] as const).flatMap((release) => killsOf(release, ends[release]))
  console.log(`${kills.length} ${words} through the bundles`)
  await inLanes(kills, async (one) => {
    const row = await end(one, ends[one.release])
    rows.push(row)
    console.log(text(row))
  })
  return rows
}

const began = performance.now()
const rows = await matrix()
const wrong = rows.filter((row) => row.wrong.length > 0)
const missed = rows.filter(({ call }) => call === 'not reached').length
const minutes = ((performance.now() - began) / 60_000).toFixed(1)
console.log(
  `\n${rows.length - wrong.length} of ${rows.length} ${words} ended as if there had been none, ${missed} came after the end, ${minutes} min`,
)
process.exit(wrong.length === 0 ? 0 : 1)
