import { realClock } from '../../../packages/sandbox/index.ts'
import { postgresDataPlane } from '../../../packages/sandbox/postgres/index.ts'
import { rdsService } from '../../../packages/sandbox/rds/index.ts'
import { BASICS, HOME } from './cloud.ts'

/** Runs an RDS with one database in the folder of the first argument, prints its port, and stays. */
const folder = process.argv[2] ?? ''
const log = (line: string) => console.error(line)
const ground = { clock: realClock(1000), folder, log }
const rds = rdsService(ground, { data: postgresDataPlane(folder) })
const caller = { ...HOME, accessKeyId: 'x', requestId: 'x' }
const call = (operation: string, input: object) => rds.operations[operation]?.(input, caller)

await call('CreateDBInstance', { ...BASICS, DBInstanceIdentifier: 'orders' })
for (;;) {
  const answer = (await call('DescribeDBInstances', {})) as {
    DBInstances: { DBInstanceStatus: string; Endpoint?: { Port: number } }[]
  }
  const [instance] = answer.DBInstances
  if (instance?.DBInstanceStatus === 'available') {
    console.log(instance.Endpoint?.Port)
    break
  }
  await ground.clock.sleep(10_000)
}
