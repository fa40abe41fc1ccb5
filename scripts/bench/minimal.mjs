// The action that ours are compared with: the toolkit, one client of the SDK, one call; bundled as ours are.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import ncc from '@vercel/ncc'

const MINIMAL = `import { getInput, setFailed } from '@actions/core'
import { ECSClient, UpdateServiceCommand } from '@aws-sdk/client-ecs'

const [cluster, service, timeout] = ['cluster', 'service', 'timeout'].map((name) => getInput(name))
if (!timeout) setFailed('timeout: expected a duration')
else await new ECSClient({}).send(new UpdateServiceCommand({ cluster, service }))
`

/** Bundles the minimal action in a new folder beside a node_modules; returns the bundle's path. */
export async function minimalAction(folder) {
  mkdirSync(folder)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
  writeFileSync(join(folder, 'main.js'), MINIMAL)
  const options = { minify: true, target: 'es2022', cache: false, quiet: true }
  const { code } = await ncc(join(folder, 'main.js'), options)
  const bundle = join(folder, 'dist/index.js')
  mkdirSync(dirname(bundle))
  writeFileSync(bundle, code)
  writeFileSync(join(folder, 'dist/package.json'), '{ "type": "module" }\n')
  return bundle
}
