export { type FileSeen, isWhole, loadPage, type PageSeen } from './browser.ts'
export { type Clients, clientsOf, eventually } from './clients.ts'
export type { FrontEnd } from './front.ts'
export { type InstallOptions, installSample, pushImages, type Sample } from './install.ts'
export * from './names.ts'
export {
  type DatabaseSeen,
  type Glimpse,
  glimpseFromOutside,
  lookFromOutside,
  type Outside,
  type ServiceSeen,
  type SettingSeen,
  type SiteSeen,
} from './outside.ts'
export type { Score, Second } from './pace.ts'
export { type Release, type ReleaseNumber, releases, serviceNames } from './releases.ts'
export { configFile, type SampleRepository, sampleRepository } from './repository.ts'
export { type Answer, type Seen, startTraffic, type Traffic } from './traffic.ts'
export { startVisitors, type Visit, type Visitors, visit } from './visitors.ts'
export { adaptedWorkflow, sampleWorkflows, workflowFiles } from './workflows.ts'
