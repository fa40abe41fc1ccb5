/** A text of a person as one line of at most so many characters: no control characters, and a note where it was longer. */
export function bounded(given: string, most: number): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must go.
  const flat = given.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ').trim()
  const characters = [...flat]
  if (characters.length <= most) return flat
  return `${characters.slice(0, most).join('')}… (shortened, it had ${characters.length} characters)`
}
