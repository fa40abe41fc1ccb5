import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** The installed packages of this checkout, which hold the ones that the company's scripts and images use. */
export function installedPackages(): string {
  const yaml = createRequire(import.meta.url).resolve('yaml/package.json')
  return dirname(dirname(yaml))
}
