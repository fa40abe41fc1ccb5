import { createHash } from 'node:crypto'
import type { Release } from './releases.ts'

/** The files of a front end as its build makes them, by path; in documents `%COMMIT%` stands for the commit. */
export type SiteFiles = Readonly<Record<string, string>>

/** An asset's path carries a hash of its content, so it never changes and may be kept for ever. */
function named(name: string, ending: string, text: string): readonly [path: string, text: string] {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8)
  return [`assets/${name}-${hash}.${ending}`, text]
}

const style = ({ number }: Release) => `/* release ${number} */
body { font: 16px/1.5 system-ui, sans-serif; margin: 3rem auto; max-width: 40rem; color: #1f2328 }
body[data-state="failed"] #state { color: #d1242f }
dt { color: #59636e }
`

/** The chunk that shows what the API says; loaded when there is something to show. */
const list = ({ number }: Release) => `// release ${number}
export function show(list, facts) {
  for (const [name, value] of Object.entries(facts)) {
    list.append(
      Object.assign(document.createElement('dt'), { textContent: name }),
      Object.assign(document.createElement('dd'), { textContent: value }),
    )
  }
}
`

const app = ({ number }: Release, chunk: string) => `// release ${number}
const end = (state, text) => {
  document.body.dataset.state = state
  document.getElementById('state').textContent = text
}
try {
  const answer = await fetch('/api/health')
  const { show } = await import('./${chunk.replace('assets/', '')}')
  show(document.getElementById('api'), await answer.json())
  end(answer.ok ? 'ready' : 'failed', answer.ok ? 'The API is well.' : 'The API answers ' + answer.status + '.')
} catch (error) {
  end('failed', 'This page could not be loaded: ' + error.message)
}
`

interface Assets {
  readonly style: string
  readonly list: string
  readonly app: string
}

const page = ({ number }: Release, assets: Assets) => `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Acme triggers</title>
  <meta name="release" content="${number}">
  <meta name="commit" content="%COMMIT%">
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/${assets.style}">
  <link rel="modulepreload" href="/${assets.list}">
  <script type="module" src="/${assets.app}"></script>
</head>
<body data-state="loading">
  <h1>Acme triggers</h1>
  <p>Front end of release ${number}. <span id="state">Loading…</span></p>
  <dl id="api"></dl>
</body>
</html>
`

/** Builds the front end of a release. */
export function siteOf(release: Release): SiteFiles {
  const styles = named('style', 'css', style(release))
  const chunk = named('list', 'js', list(release))
  const entry = named('app', 'js', app(release, chunk[0]))
  const version = { release: String(release.number), commit: '%COMMIT%' }
  const assets = release.site === 'chunk-missing' ? [styles, entry] : [styles, chunk, entry]
  return {
    ...Object.fromEntries(assets),
    'version.json': `${JSON.stringify(version)}\n`,
    'index.html': page(release, { style: styles[0], list: chunk[0], app: entry[0] }),
  }
}
