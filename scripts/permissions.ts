// The table of IAM actions in docs/permissions.md, and the actions that calls in a gateway's log need.

/** What one action of the suite needs in one mode. */
export interface Needs {
  /** In every run of this mode. */
  readonly always: ReadonlySet<string>
  /** Only in some runs; the table says in which. */
  readonly sometimes: ReadonlySet<string>
}

/** By action and mode: `ecs-rollback stop`. */
export type Table = ReadonlyMap<string, Needs>

/** S3's operations whose permission has another name (Service Authorization Reference, Amazon S3). */
const renamed: Readonly<Record<string, string>> = {
  's3:HeadObject': 's3:GetObject',
  's3:ListObjectsV2': 's3:ListBucket',
  's3:HeadBucket': 's3:ListBucket',
  's3:ListObjectVersions': 's3:ListBucketVersions',
  's3:GetBucketLifecycleConfiguration': 's3:GetLifecycleConfiguration',
  // A copy reads a version and writes an object; the version that it reads is what takes a permission of its own.
  's3:CopyObject': 's3:GetObjectVersion',
}

/** Services that sign by another name than their permissions have (Service Authorization Reference). */
const prefixes: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' }

/** Calls for which AWS asks no permission of the caller: who am I, and the one that a trust policy decides. */
const free = ['sts:GetCallerIdentity', 'sts:AssumeRoleWithWebIdentity']

/** The permissions of the store, which are listed once for all actions. */
export const storeActions = [
  's3:GetBucketVersioning',
  's3:GetObject',
  's3:ListBucket',
  's3:PutObject',
]

/** The IAM actions that calls need. */
export function iamActions(
  calls: readonly { readonly service: string; readonly operation: string }[],
): ReadonlySet<string> {
  const names = calls.map(
    ({ service, operation }) => `${prefixes[service] ?? service}:${operation}`,
  )
  const needed = names.filter((name) => !free.includes(name)).map((name) => renamed[name] ?? name)
  return new Set(needed)
}

const actionsIn = (cell: string) => new Set(cell.match(/\b[a-z][a-z0-9-]*:[A-Z]\w+/g) ?? [])

/** Reads the table between `<!-- permissions -->` marks: action, mode, always, sometimes. */
export function readTable(markdown: string): Table {
  const block = /<!-- permissions -->([\s\S]*?)<!-- \/permissions -->/.exec(markdown)?.[1] ?? ''
  const rows = block.split('\n').filter((line) => /^\| `/.test(line))
  return new Map(
    rows.flatMap((row) => {
      const [, action = '', modes = '', always = '', sometimes = ''] = row.split('|')
      const needs = { always: actionsIn(always), sometimes: actionsIn(sometimes) }
      const names = [...modes.matchAll(/`([\w-]+)`/g)].map(([, mode]) => mode)
      const name = action.replaceAll('`', '').trim()
      return (names.length > 0 ? names : ['']).map(
        (mode) => [`${name} ${mode}`.trim(), needs] as const,
      )
    }),
  )
}

/** Every `Action` of the policies among a page's JSON blocks that grant something to a role. Throws on a block that is no JSON. */
export function grantedIn(markdown: string): ReadonlySet<string> {
  const blocks = [...markdown.matchAll(/```json\n([\s\S]*?)```/g)].map(([, text = '']) =>
    JSON.parse(text),
  )
  const statements: { Effect: string; Principal?: unknown; Action: string | string[] }[] =
    blocks.flatMap(({ Statement }) => Statement)
  const granting = statements.filter((one) => one.Effect === 'Allow' && !one.Principal)
  return new Set(granting.flatMap(({ Action }) => Action))
}

/** A policy as a page shows it. */
export interface PolicyDocument {
  readonly Version: string
  readonly Statement: readonly {
    readonly Sid: string
    readonly Effect: string
    readonly Action: string | readonly string[]
    readonly Resource: string | readonly string[]
    readonly Condition?: unknown
  }[]
}

/** The policy of the role on a page, with the reader's own names in the place of the page's. Throws when there is none. */
export function rolePolicy(
  markdown: string,
  names: Readonly<Record<string, string>>,
): PolicyDocument {
  const section = markdown.split('## The policy of the role')[1] ?? ''
  const [, text] = /```json\n([\s\S]*?)```/.exec(section) ?? []
  if (text === undefined) throw new Error('The page has no policy of the role')
  return JSON.parse(
    Object.entries(names).reduce((sofar, [name, own]) => sofar.replaceAll(name, own), text),
  )
}

/** A policy that grants everything that it did, except one action. Throws when it did not grant that. */
export function withoutAction(policy: PolicyDocument, action: string): PolicyDocument {
  const left = policy.Statement.map((one) => ({
    ...one,
    Action: [one.Action].flat().filter((granted) => granted !== action),
  }))
  const before = policy.Statement.flatMap(({ Action }) => Action)
  if (!before.includes(action)) throw new Error(`The policy does not grant ${action}`)
  return { ...policy, Statement: left.filter(({ Action }) => Action.length > 0) }
}

/** In what a table and what was seen differ, one line each; the store's own permissions are left out. */
export function differences(
  table: Table,
  seen: ReadonlyMap<string, ReadonlySet<string>>,
): string[] {
  return [...seen].flatMap(([who, actions]) => {
    const needs = table.get(who)
    if (!needs) return [`${who}: is not in the table`]
    const own = [...actions].filter((action) => !storeActions.includes(action))
    return [
      ...own
        .filter((action) => !needs.always.has(action) && !needs.sometimes.has(action))
        .map((action) => `${who}: needs ${action}, which the table does not list`),
      ...[...needs.always]
        .filter((action) => !actions.has(action))
        .map((action) => `${who}: the table lists ${action}, which was not called`),
    ]
  })
}
