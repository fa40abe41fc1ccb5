import type { Result, Run } from '#core'
import { captureAlone } from './capture.ts'
import { redeploySite } from './redeploy.ts'
import { restoreSite, type SitePorts } from './restore.ts'
import type { SiteSettings } from './settings.ts'

/** The action s3-frontend-restore. */
export function changeSite(run: Run, ports: SitePorts, settings: SiteSettings): Promise<Result> {
  switch (settings.mode) {
    case 'capture':
      return captureAlone(run, ports, settings.site)
    case 'restore':
      return restoreSite(run, ports, settings)
    case 'redeploy':
      return redeploySite(run, ports, settings)
  }
}
