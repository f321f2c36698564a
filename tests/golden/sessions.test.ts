import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runScript } from '#support/scripts.ts'

/** Each file is a script, a line `---`, and all that then happens. `UPDATE_GOLDEN=1` writes that part anew. */

const folder = new URL('./', import.meta.url)
const RULE = '---\n'

for (const name of readdirSync(folder).filter((file) => file.endsWith('.txt'))) {
  const file = new URL(name, folder)
  const [script = '', expected = ''] = readFileSync(file, 'utf8').split(RULE)
  const title = script.split('\n')[0]?.replace('# ', '') ?? name
  test(title, () => {
    const actual = runScript(script)
    if (process.env['UPDATE_GOLDEN']) writeFileSync(file, script + RULE + actual)
    else expect(actual).toBe(expected)
  })
}
