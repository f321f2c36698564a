import { spawnSync } from 'node:child_process'
import { findBrowser, installBrowser } from './browser.ts'

/**
 * `npm test`: everything, cheapest first, with progress. `npm test -- unit e2e` runs the named steps only. Exit code 1
 * when a step fails; the later ones still run, so that one run tells all.
 */

const STEPS: Readonly<Record<string, readonly string[]>> = {
  check: ['npm', 'run', '--silent', 'check'],
  models: ['npm', 'run', '--silent', 'model:check'],
  unit: ['npx', 'vitest', 'run', '--project', 'unit'],
  contract: ['npx', 'vitest', 'run', '--project', 'contract'],
  sim: ['npx', 'vitest', 'run', '--project', 'sim'],
  browser: ['npx', 'playwright', 'test', '--project', 'browser'],
  e2e: ['npx', 'playwright', 'test', '--project', 'e2e'],
}
const NEEDS_BROWSER = ['browser', 'e2e']

const wanted = process.argv.slice(2)
const unknown = wanted.filter((name) => !(name in STEPS))
if (unknown.length > 0) {
  console.error(`There is no step ${unknown.join(', ')}; there are ${Object.keys(STEPS).join(', ')}.`)
  process.exit(2)
}
const names = wanted.length > 0 ? wanted : Object.keys(STEPS)

if (names.some((name) => NEEDS_BROWSER.includes(name))) {
  const browser = findBrowser() ?? installBrowser()
  if (!browser) {
    console.error('The browser tests need Chromium, and none could be installed. Install one and set CHROMIUM_PATH.')
    process.exit(1)
  }
  process.env['CHROMIUM_PATH'] = browser
}

const failed: string[] = []
for (const [index, name] of names.entries()) {
  const [command = '', ...args] = STEPS[name] ?? []
  console.log(`\n— ${name} (${index + 1} of ${names.length})`)
  const startedAt = Date.now()
  const { status } = spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  console.log(`— ${name} ${status === 0 ? 'passed' : 'FAILED'} in ${Math.round((Date.now() - startedAt) / 1000)} s`)
  if (status !== 0) failed.push(name)
}
if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}.`)
console.log(`${names.length - failed.length} passed, ${failed.length} failed`)
process.exit(failed.length > 0 ? 1 : 0)
