export { captureSite } from './capture.ts'
export { changeSite } from './change.ts'
export { connect, type SiteClients } from './client.ts'
export { compareSite, type SiteDifference } from './compare.ts'
export { type Destination, parseDestination } from './destination.ts'
export { kindOf } from './keys.ts'
export { planSite, type SitePlan } from './plan.ts'
export { restoreSite, type SitePorts } from './restore.ts'
export {
  type Changing,
  type Mode,
  modes,
  type RedeploySettings,
  type RestoreSettings,
  type SiteConfig,
  type SiteSettings,
  settings,
  siteJournal,
  siteOf,
} from './settings.ts'
export type { History, Kind, Site, Version } from './state.ts'
export { findTarget, type Target } from './target.ts'
