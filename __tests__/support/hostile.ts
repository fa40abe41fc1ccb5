/** What somebody may type, or name a branch: to a shell, to the runner, and to Markdown. */
export const hostile = [
  '$(touch PWNED) `touch PWNED`; touch PWNED & ${{ github.token }} \u001b[31mred',
  '::set-output name=decision::roll-back',
  '::add-mask::production',
  '##[add-mask]production',
  '\u0085::error::gone',
  '| cell | \' " \\ [click](javascript:alert(1)) ![i](http://evil.example/x.png) @acme/everyone',
  '<img src=x onerror=alert(1)> <script>alert(1)</script> ```',
].join('\n')

/** The same, 64 KB long. */
export const longHostile = hostile.padEnd(65_536, ' and more')

/** Lines that the runner would take for a command which the text brought along. */
export const commandsIn = (log: string): readonly string[] =>
  log.split(/\r\n|[\n\r\u0085\u2028\u2029]/).filter((line) => {
    const bare = line.trim()
    return /^::(set-output|add-mask|error::gone)/.test(bare) || bare.includes('##[')
  })

/** What of the text would be live in a summary. */
export const liveIn = (summary: string): readonly string[] =>
  ['<img', '<script', '](', '@acme', '| cell |', 'http://evil', '\u001b'].filter((part) =>
    summary.includes(part),
  )
