import { codeBlock, escapeMarkdown, oneLine, scrub } from '#core'

test.each([
  ['::error::x', '› ::error::x'],
  ['  ::set-output name=a::b', '› ::set-output name=a::b'],
  ['a\n::add-mask::b', 'a ::add-mask::b'],
  ['a\r\u2028b', 'a b'],
  ['x ##[command]rm', 'x ## [command]rm'],
  ['\u001b[31mred', '[31mred'],
  ['\u0085::add-mask::x', '› ::add-mask::x'],
])('%j cannot be a workflow command: %j', (given, line) => {
  expect(oneLine(given)).toBe(line)
})

test.each([
  ['a|b', 'a\\|b'],
  ['<img src=x onerror=y>', '&lt;img src=x onerror=y&gt;'],
  ['[a](javascript:b)', '\\[a\\]\\(javascript:b\\)'],
  ['**x** `y`', '\\*\\*x\\*\\* \\`y\\`'],
  ['@acme/owners', '&#64;acme/owners'],
  ['# title', '\\# title'],
  ['a &lt; b', 'a &amp;lt; b'],
])('%j shows as itself in Markdown', (given, text) => {
  expect(escapeMarkdown(given)).toBe(text)
})

test('no content closes its own code block', () => {
  const [fence] = codeBlock(['a', '````', '`````js']).split('\n')
  expect(fence).toBe('``````text')
})

test.each([
  ['postgres://app:s3cret@db:5432/shop is down', [], 'postgres://***@db:5432/shop is down'],
  ['token abcd1234', ['abcd1234'], 'token ***'],
  ['nothing here', ['abcd1234'], 'nothing here'],
  [
    '{"url":"http://shop:8080/health","by":"ada@acme.example"}',
    [],
    '{"url":"http://shop:8080/health","by":"ada@acme.example"}',
  ],
])('%j loses its secrets', (given, secrets, text) => {
  expect(scrub(given, secrets)).toBe(text)
})
