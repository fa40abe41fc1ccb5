import { basename, join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { z } from 'zod'
import { parseConfig } from '#inputs'
import { type Job, ownPath, readWorkflow, yamlFiles } from '../../scripts/workflows.ts'
import { read } from './tree.ts'

/** Examples are copied as they are: a workflow and, beside it, the configuration that it speaks of. */
const folder = 'workflows-examples/config'
const workflows = yamlFiles('workflows-examples')
const deploys = workflows.filter((file) => !('workflow_dispatch' in Object(readWorkflow(file).on)))
const configs = yamlFiles(folder)

interface MatrixJob extends Job {
  readonly strategy?: { readonly matrix: Readonly<Record<string, readonly string[]>> }
}

/** What editors check the configuration with. */
const published = z.fromJSONSchema(JSON.parse(read('schemas/rollback.schema.json')))

/** The environments that a job names to our actions and workflows, one for each combination of its matrix. */
function environmentsOf({ uses, with: given, steps = [], strategy }: MatrixJob): readonly string[] {
  const calls = [{ uses, with: given }, ...steps].filter((call) => ownPath(call.uses))
  const named = calls.map((call) => String(call.with?.environment))
  return Object.entries(strategy?.matrix ?? {}).reduce<readonly string[]>(
    (texts, [name, values]) =>
      texts.flatMap((text) => values.map((one) => text.replace(`\${{ matrix.${name} }}`, one))),
    named,
  )
}

test('every workflow that deploys has its configuration beside it, and no configuration is left over', () => {
  expect(configs.map((file) => basename(file))).toEqual(deploys.map((file) => basename(file)))
})

describe.each(deploys)('%s', (file) => {
  const text = read(join(folder, basename(file)))
  const parsed = parseConfig(text)
  const config = 'config' in parsed ? parsed.config : undefined
  const { jobs } = readWorkflow(file)

  test('has a configuration that the actions accept', () => {
    expect(parsed).not.toHaveProperty('problems')
    expect(text).toContain(`for ${file}`)
    expect(published.safeParse(parse(text))).toMatchObject({ success: true })
  })

  test('names the environments of its configuration, all of them', () => {
    const named = Object.values(jobs).flatMap(environmentsOf)
    expect([...new Set(named)].sort()).toEqual(Object.keys(config?.environments ?? {}).sort())
  })

  test('migrates only where the configuration says how that is taken back', () => {
    const migrating = Object.values(jobs).filter(
      (job) => job.with?.migrate || job.steps?.some(({ run }) => run?.includes('migrate')),
    )
    const bare = migrating
      .flatMap(environmentsOf)
      .filter((name) => !config?.environments[name]?.migrations)
    expect(bare).toEqual([])
  })

  test('has a check for each environment: without one nothing is ever verified', () => {
    const checks = Object.values(config?.environments ?? {}).map((one) => one.checks.length)
    expect(Math.min(...checks)).toBeGreaterThan(0)
  })

  test('decides after every deployment, whatever became of it', () => {
    const calls = Object.values(jobs).map((job) => basename(ownPath(job.uses) ?? ''))
    const guarded = calls.includes('guarded-deploy.yml')
    expect(guarded || calls.includes('rollback.yml')).toBe(true)
  })
})

test('a configuration with a key that nobody knows, or a check of a wrong form, is found', () => {
  const text = read(join(folder, 'ecs-api.yml'))
  const broken = [text.replace('watch:', 'watches:'), text.replace('http: https', 'http: ftp')]
  expect(broken.map((one) => published.safeParse(parse(one)).success)).toEqual([false, false])
  expect(broken.map((one) => 'problems' in parseConfig(one))).toEqual([true, true])
})

test('an environment that only a matrix spells out is found', () => {
  const job = {
    uses: './.github/workflows/guarded-deploy.yml',
    with: { environment: 'production-${{ matrix.region }}' },
    strategy: { matrix: { region: ['us-east-1', 'eu-west-1'] } },
  }
  expect(environmentsOf(job)).toEqual(['production-us-east-1', 'production-eu-west-1'])
})
