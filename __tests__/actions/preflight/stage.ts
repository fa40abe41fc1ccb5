import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Sandbox, startSandbox } from '../../../packages/sandbox/index.ts'
import {
  installSample,
  type Sample,
  siteBucket,
  storeBucket,
} from '../../../packages/sandbox/sample/index.ts'
import { type PolicyDocument, rolePolicy } from '../../../scripts/permissions.ts'
import { type Ended, runBundle } from '../../support/bundle.ts'

/** A company with everything, its role by OIDC under the documented policy, and GitHub beside it. */
export const place = { account: '666600000001', region: 'us-east-1' }
export const role = `arn:aws:iam::${place.account}:role/rollback`
export const repository = 'acme/shop'
export const page = readFileSync(join(import.meta.dirname, '../../../docs/permissions.md'), 'utf8')

export interface Stage {
  readonly sandbox: Sandbox
  readonly company: Sample
  /** The policy of docs/permissions.md with the company's names. */
  readonly policy: PolicyDocument
  attach(document: PolicyDocument): Promise<void>
  run(
    inputs?: Readonly<Record<string, string>>,
    env?: Readonly<Record<string, string>>,
  ): Promise<Ended>
  close(): Promise<void>
}

export async function stage(): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'preflight-'))
  const subjects = ['repo:acme/shop:environment:production-rollback']
  const sandbox = await startSandbox({
    scale: 100,
    github: true,
    roles: [{ arn: role, subjects, policies: [] }],
  })
  const company = await installSample(sandbox, {
    ...place,
    release: 1,
    everything: true,
    folder,
    environment: { role },
  })
  const policy = rolePolicy(page, {
    '123456789012': place.account,
    'acme-rollback': storeBucket(place),
    'acme-frontend': siteBucket(place),
    E1A2B3C4D5E6F7: company.front?.distribution ?? '',
    'acme-task*': 'ecs-execution',
  })
  const attach = async (document: PolicyDocument) => {
    const body = JSON.stringify({ role, policies: [document] })
    const answer = await fetch(`${sandbox.url}/_sandbox/policies`, { method: 'PUT', body })
    if (!answer.ok) throw new Error(await answer.text())
  }
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...shared } = sandbox.env
  const claims = sandbox.github
    ?.repository(repository)
    .claims({ environment: 'production-rollback' })
  const job = {
    ...shared,
    ...(claims && sandbox.job(claims)),
    GITHUB_RUN_ID: '77',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_REF_TYPE: 'branch',
  }
  return {
    sandbox,
    company,
    policy,
    attach,
    run: (inputs = {}, env = {}) =>
      runBundle('preflight', {
        inputs: { environment: 'production', 'poll-interval': '100ms', ...inputs },
        env: { ...job, ...env },
        cwd: company.repository.folder,
      }),
    close: async () => {
      company.clients.close()
      await sandbox.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
