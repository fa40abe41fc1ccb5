import { codeOf } from '#aws'
import type { Result, Run } from '#core'
import { type Build, readBuild } from './build.ts'
import { unversioned, versioningOf } from './look.ts'
import { proceed, type SitePorts } from './restore.ts'
import type { RedeploySettings } from './settings.ts'
import { counted, refusedResult } from './table.ts'

/** Seconds. What was written before is known to edges by now: their default lifetime is a day (CloudFront, DefaultTTL). */
const day = 86_400

/** Puts the build of a folder in place of what is served: for buckets that kept no versions, and builds that never were there. */
export async function redeploySite(
  run: Run,
  ports: SitePorts,
  settings: RedeploySettings,
): Promise<Result> {
  const { clients, store } = ports
  const { site, created } = settings
  const read = await readable(settings)
  if ('why' in read) return refusedResult(site, read.why, [next])
  const [first] = read.build.refusals
  if (first !== undefined) {
    const why = `${first[0]} cannot be uploaded: ${first[1]}`
    return refusedResult(site, why, [next], read.build)
  }
  const lost = unversioned(site.bucket, await versioningOf(clients, site))
  if (lost !== undefined) run.report.warning(`${lost}; pages that the build does not have stay`)
  const { files } = read.build
  const now = Math.floor((store?.objects.serverTime() ?? run.clock.now()) / 1000)
  return proceed(run, ports, {
    // Without versions hiding is deleting for ever.
    settings: { ...settings, created: lost === undefined ? created : 'keep' },
    target: {
      by: 'build',
      files,
      since: now - day,
      versioned: lost === undefined,
      why: `the build in ${settings.build}, ${counted(files.size, 'file')}`,
    },
  })
}

const next = 'look at the step that makes the build and at the input build, then run again'

async function readable({
  build: folder,
  site,
  rules,
  withoutIndex,
}: RedeploySettings): Promise<{ readonly build: Build } | { readonly why: string }> {
  try {
    const build = await readBuild(folder, site, rules)
    if (build.refusals.length > 0) return { build }
    if (build.files.size === 0) return { why: `the build in ${folder} is empty` }
    if (withoutIndex || build.files.has(`${site.prefix}index.html`)) return { build }
    return {
      why: `the build in ${folder} has no index.html: give without-index when that is meant`,
    }
  } catch (thrown) {
    const code = codeOf(thrown)
    if (!/^E[A-Z]+$/.test(code)) throw thrown
    return { why: `the build in ${folder} cannot be read: ${code}` }
  }
}
