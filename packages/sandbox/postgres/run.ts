import { spawn } from 'node:child_process'

/** How programs of the data plane run: in which folder, with which environment, as which user. */
export interface Runtime {
  readonly root: string
  readonly env: NodeJS.ProcessEnv
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/** What a program said; `code` is its exit code. */
export interface Said {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end, with `input` on its standard input; throws what it said when it fails and `check` is not false. */
export function run(
  runtime: Runtime,
  program: string,
  args: readonly string[],
  options: { input?: string; check?: boolean } = {},
): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: runtime.root, env: runtime.env, ...runtime.user })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.stdin.on('error', () => {}) // A program that ends without reading is judged by its exit code.
    child.stdin.end(options.input ?? '')
    child.on('close', (code) => {
      if (code === 0 || options.check === false) resolve({ code: code ?? -1, stdout, stderr })
      else reject(new Error(`${program} ended with ${code}: ${(stderr || stdout).trim()}`))
    })
  })
}
