// A tiny web service, started by the sandbox as a container's process.
import { createServer } from 'node:http'

const { PORT, VERSION, TOKEN = '', BOOT = 'well' } = process.env
if (BOOT === 'badly') {
  console.error('boot failed')
  process.exit(3)
}
const server = createServer((request, response) => {
  if (request.url === '/slow') setTimeout(() => response.end(VERSION), 200)
  else response.end(JSON.stringify({ version: VERSION, token: TOKEN.length, pid: process.pid }))
})
server.listen(Number(PORT), '127.0.0.1', () => console.log(`version ${VERSION} listens`))
process.on('SIGTERM', () => {
  console.log('asked to stop')
  server.close(() => process.exit(0))
})
