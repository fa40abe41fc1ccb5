// Writes what can be derived: tables of inputs and outputs, the table of actions, docs/workflows.md, the decision matrix, schemas/.
// `--check` writes nothing and fails, naming each file that is behind.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { z } from 'zod'
import { actionDefinition, actionNames } from './actions.ts'
import { root } from './install.mjs'
import { permissionsUnion, readWorkflow, reusableWorkflows } from './workflows.ts'

const cell = (text) =>
  String(text)
    .trim()
    .replaceAll(/\s*\n\s*/g, ' ')
    .replaceAll('|', '\\|')
const code = (text) => `\`${cell(text)}\``

function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

function described(entries, where) {
  const list = Object.entries(entries ?? {})
  const bare = list.filter(([, { description }]) => !description?.trim()).map(([name]) => name)
  if (bare.length > 0) throw new Error(`${where}: no description for ${bare.join(', ')}`)
  return list
}

function fallback({ required, default: value }) {
  if (required) return 'required'
  return value === undefined || value === '' ? '' : code(value)
}

/** The table of inputs of an action or a workflow; the default, or that a value is required, in the last column. */
function inputsTable(inputs, where) {
  const rows = described(inputs, where).map(([name, input]) => [
    code(name),
    cell(input.description),
    fallback(input),
  ])
  return rows.length === 0 ? 'None.' : table(['Input', 'Meaning', 'Default'], rows)
}

function namesTable(head, entries, where) {
  const rows = described(entries, where).map(([name, { description }]) => [
    code(name),
    cell(description),
  ])
  return rows.length === 0 ? 'None.' : table([head, 'Meaning'], rows)
}

/** Puts text between `<!-- name -->` and `<!-- /name -->`; throws when the file does not have both. */
function between(name, text, inserted, where) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`]
  const [start, end] = [text.indexOf(open), text.indexOf(close)]
  if (start < 0 || end < start) throw new Error(`${where}: needs ${open} and ${close}`)
  return `${text.slice(0, start + open.length)}\n${inserted}\n${text.slice(end)}`
}

const read = (file) => (existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '')

function actionReadme(name) {
  const file = `actions/${name}/README.md`
  const { inputs, outputs } = actionDefinition(name)
  const text = between('inputs', read(file), inputsTable(inputs, file), file)
  return [file, between('outputs', text, namesTable('Output', outputs, file), file)]
}

function projectReadme(names) {
  const rows = names.map((name) => [
    `[${name}](actions/${name}/README.md)`,
    cell(actionDefinition(name).description),
  ])
  return [
    'README.md',
    between('actions', read('README.md'), table(['Action', 'Does'], rows), 'README.md'),
  ]
}

function workflowSection(file) {
  const { name, on } = readWorkflow(file)
  const { inputs, secrets, outputs } = on.workflow_call ?? {}
  const grants = Object.entries(permissionsUnion(file)).map(
    ([what, level]) => `  ${what}: ${level}`,
  )
  return [
    `## ${basename(file)}`,
    name,
    'The calling job grants exactly:',
    ['```yaml', grants.length > 0 ? 'permissions:' : 'permissions: {}', ...grants, '```'].join(
      '\n',
    ),
    inputsTable(inputs, file),
    ...(secrets ? [namesTable('Secret', secrets, file)] : []),
    ...(outputs ? [namesTable('Output', outputs, file)] : []),
  ].join('\n\n')
}

function workflowsPage() {
  const file = 'docs/workflows.md'
  return [
    file,
    between('workflows', read(file), reusableWorkflows().map(workflowSection).join('\n\n'), file),
  ]
}

async function howItWorksPage() {
  const { matrixTables } = await import('#chain')
  const file = 'docs/how-it-works.md'
  const ways = table(
    ['when, since the destination', 'profile', 'database', 'consent', 'lost'],
    matrixTables.ways,
  )
  const orders = table(['profile', 'order'], matrixTables.orders)
  return [file, between('orders', between('matrix', read(file), ways, file), orders, file)]
}

async function schemas() {
  const published = {
    ...(await import('#inputs')).publishedSchemas,
    ...(await import('#store')).publishedSchemas,
  }
  return Object.entries(published).map(([name, schema]) => {
    const file = `schemas/${name}.schema.json`
    return [file, `${JSON.stringify(z.toJSONSchema(schema, { io: 'input' }), null, 2)}\n`]
  })
}

function update(behind) {
  for (const [file, text] of behind) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
    console.log(`wrote ${file}`)
  }
}

/** Names the files that are behind; returns whether none is. */
function inStep(behind) {
  for (const [file] of behind)
    console.error(`${file} is behind: run npm run docs and commit the result`)
  return behind.length === 0
}

async function documents() {
  const names = actionNames()
  return [
    ...names.map(actionReadme),
    projectReadme(names),
    workflowsPage(),
    await howItWorksPage(),
    ...(await schemas()),
  ]
}

try {
  const behind = (await documents()).filter(([file, text]) => read(file) !== text)
  if (!process.argv.includes('--check')) update(behind)
  else if (!inStep(behind)) process.exitCode = 1
} catch (error) {
  console.error(error.message)
  process.exitCode = 1
}
