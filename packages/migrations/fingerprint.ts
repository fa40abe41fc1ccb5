import { createHash } from 'node:crypto'
import type { Query } from '#sql'

/** Everything below leaves out the system's schemas, and those of temporary tables, which belong to a session. */
const ours = `n.nspname not in ('pg_catalog', 'information_schema') and n.nspname !~ '^pg_(toast|temp)'`

/**
 * One listing per kind of object: its kind, its name, and what it is. Names and definitions only, never object ids, sizes or
 * statistics, so that a restored copy lists the same.
 */
const listings: readonly string[] = [
  `select 'schema', n.nspname, '' from pg_namespace n where ${ours}`,
  `select 'extension', e.extname, '' from pg_extension e`,
  `select 'relation', format('%I.%I', n.nspname, c.relname), c.relkind::text || coalesce(pg_get_partkeydef(c.oid), '')
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S') and ${ours}`,
  `select 'column', format('%I.%I.%I', n.nspname, c.relname, a.attname),
       concat_ws(' ', format_type(a.atttypid, a.atttypmod), case when a.attnotnull then 'not null' end,
         nullif(a.attidentity::text, ''), nullif(a.attgenerated::text, ''), pg_get_expr(d.adbin, d.adrelid))
     from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f', 'c') and ${ours}`,
  `select 'index', format('%I.%I', n.nspname, c.relname),
       pg_get_indexdef(c.oid) || case when i.indisvalid then '' else ' invalid' end
     from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where ${ours}`,
  `select 'constraint', format('%I.%s.%I', n.nspname, coalesce(c.relname, t.typname), o.conname),
       pg_get_constraintdef(o.oid) || case when o.convalidated then '' else ' not valid' end
     from pg_constraint o join pg_namespace n on n.oid = o.connamespace
     left join pg_class c on c.oid = o.conrelid left join pg_type t on t.oid = o.contypid where ${ours}`,
  `select 'view', format('%I.%I', n.nspname, c.relname), pg_get_viewdef(c.oid)
     from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('v', 'm') and ${ours}`,
  `select 'function', format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
       p.prokind::text || md5(p.prosrc)
     from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${ours}`,
  `select 'trigger', format('%I.%I.%I', n.nspname, c.relname, g.tgname), pg_get_triggerdef(g.oid) || g.tgenabled::text
     from pg_trigger g join pg_class c on c.oid = g.tgrelid join pg_namespace n on n.oid = c.relnamespace
     where not g.tgisinternal and ${ours}`,
  `select 'type', format('%I.%I', n.nspname, t.typname),
       t.typtype::text || coalesce((select string_agg(quote_literal(e.enumlabel), ',' order by e.enumsortorder)
         from pg_enum e where e.enumtypid = t.oid), format_type(t.typbasetype, t.typtypmod), '')
     from pg_type t join pg_namespace n on n.oid = t.typnamespace where t.typtype in ('e', 'd', 'r') and ${ours}`,
]

/**
 * SHA-256 over a canonical listing of the schema of a PostgreSQL database: equal schemas have equal fingerprints, wherever
 * and by whom they are read. Not the rows, nor privileges.
 */
export async function schemaFingerprint(query: Query): Promise<string> {
  // Definitions are printed relative to the search path: with an empty one every name has its schema.
  await query("select set_config('search_path', '', true)")
  const lines: string[] = []
  for (const listing of listings) {
    const rows = await query(
      `select array[kind, name, detail]::text[] as line from (${listing}) as l(kind, name, detail)`,
    )
    lines.push(...rows.map((row) => JSON.stringify(row.line)))
  }
  // Sorted here, because the order of text in the database depends on its collation.
  return createHash('sha256')
    .update([...new Set(lines)].sort().join('\n'))
    .digest('hex')
}
