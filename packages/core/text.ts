/** Everything a user or AWS wrote is hostile text: to the log, to Markdown and to workflow commands. */

/**
 * One printable line: no line ends, no control characters, no workflow command (`::x`, `##[x]`). The runner trims as .NET does,
 * which takes U+0085 for a space and JavaScript does not: the second block of control characters must go too.
 */
export function oneLine(given: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go.
  const flat = given.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  const harmless = flat.replaceAll('##[', '## [')
  return harmless.startsWith('::') ? `› ${harmless}` : harmless
}

/** Plain text as Markdown that shows exactly that text, also inside a table cell. */
export function escapeMarkdown(given: string): string {
  return oneLine(given)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/[\\`*_{}[\]()#+!|~$]/g, '\\$&')
    .replaceAll('@', '&#64;')
    .replace(/(https?|www)(:|\.)/gi, '$1&#8203;$2')
}

/** Lines as a fenced block whose fence no content can close. */
export function codeBlock(lines: readonly string[]): string {
  const content = lines.map(oneLine)
  const longest = Math.max(
    2,
    ...content.flatMap((line) => (line.match(/`+/g) ?? []).map((run) => run.length)),
  )
  const fence = '`'.repeat(longest + 1)
  return [`${fence}text`, ...content, fence].join('\n')
}

/** Stops at quotes, which a URL cannot contain, so that a JSON text stays one. */
const credentialsInUrl = /([a-z][a-z0-9+.-]{0,40}:\/\/)[^\s/@:"]*:[^\s@"]+@/gi

/** Takes known secrets, and whatever looks like credentials in a URL, out of a text. */
export function scrub(given: string, secrets: Iterable<string>): string {
  let text = given
  for (const secret of secrets) text = text.replaceAll(secret, '***')
  return text.replace(credentialsInUrl, '$1***@')
}

/** A text of a person as one line of at most so many characters: no control characters, and a note where it was longer. */
export function bounded(given: string, most: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go.
  const flat = given.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  const characters = [...flat]
  if (characters.length <= most) return flat
  return `${characters.slice(0, most).join('')}… (shortened, it had ${characters.length} characters)`
}
