export { type FakeDataPlane, type FakeServer, fakeDataPlane } from './fake.ts'
export type { DataPlane, Endpoint, Master, NewServer, PointInTime, ServerName } from './plane.ts'
export { postgresDataPlane } from './postgres.ts'
