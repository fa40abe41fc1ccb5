import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Applies the migrations in a repository to a database with the company's own tool. Throws what the tool said. */
export async function applyMigrations(folder: string, url: string): Promise<void> {
  const dbmate = join(folder, 'node_modules/dbmate/dist/cli.js')
  const args = [dbmate, '--migrations-dir', 'database/migrations', '--no-dump-schema', 'migrate']
  const env = { PATH: process.env.PATH, DATABASE_URL: url }
  await run(process.execPath, args, { cwd: folder, env })
}
