// Compares the dist/ that was just built from nothing with the committed one.
import { spawnSync } from 'node:child_process'
import { root } from './install.mjs'

const git = spawnSync('git', ['status', '--porcelain', '--untracked-files=all', '--', 'dist'], {
  cwd: root,
  encoding: 'utf8',
})
if (git.status !== 0) console.error(git.error?.message ?? git.stderr)
else if (git.stdout === '') console.log('dist/ is what the sources build')
else
  console.error(`${git.stdout}dist/ is not what is committed: run npm run build and commit dist/`)
process.exit(git.status === 0 && git.stdout === '' ? 0 : 1)
