import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Clock } from './clock.ts'
import { type Cloud, createCloud, type MoreServices } from './cloud.ts'
import type { Forward } from './gateway/dispatch.ts'
import type { Gateway } from './gateway/index.ts'
import { type FakeDataPlane, fakeDataPlane } from './postgres/index.ts'
import { type FakeRuntime, fakeRuntime } from './processes/fake.ts'
import type { Role } from './sts/index.ts'

/** A whole cloud in this process: no sockets, no processes, no files. */
export interface MemoryGateway extends Gateway, Omit<Cloud, 'gateway'> {
  /** Says what each image does: healthy until told otherwise. */
  readonly runtime: FakeRuntime
  readonly data: FakeDataPlane
}

/**
 * A gateway without sockets and processes, for tests with a virtual clock: ECS, RDS, Secrets Manager and STS, with
 * fake containers and databases. S3 and the rest are whoever `forward` is; without it calls to them are refused with
 * `NotImplemented`.
 */
export function memoryGateway(options: {
  readonly clock: Clock
  /** More services, or others in place of ours by the same name. */
  readonly services?: MoreServices
  readonly roles?: readonly Role[]
  readonly forward?: Forward
  readonly log?: (line: string) => void
}): MemoryGateway {
  const { clock, log = () => undefined, services, roles, forward } = options
  const runtime = fakeRuntime(clock)
  const data = fakeDataPlane(() => clock.now())
  const { gateway, ...rest } = createCloud({
    ground: { clock, log, folder: join(tmpdir(), 'memory-sandbox') },
    runtime,
    data,
    ...(services && { services }),
    ...(roles && { roles }),
    ...(forward && { forward }),
  })
  return { ...gateway, ...rest, runtime, data }
}
