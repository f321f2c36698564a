import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Everything that the built page is made of. */
const SOURCES = ['src', 'public', 'index.html', 'vite.config.ts', 'svelte.config.js', 'package-lock.json']

const DIST = 'dist'
const STAMP = join(DIST, '.stamp')

/** Builds the page unless `dist` was built from just these sources. Says what it does. */
export async function buildIfStale(say: (sentence: string) => void): Promise<void> {
  const stamp = await digestOf(SOURCES)
  const built = existsSync(join(DIST, 'index.html')) ? await readFile(STAMP, 'utf8').catch(() => null) : null
  if (built === stamp) return say('The built page is up to date.')
  say('Building the page …')
  const startedAtMs = performance.now()
  await buildPage()
  // Last, so that a build cut short is built again.
  await writeFile(STAMP, stamp)
  say(`Built in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s.`)
}

async function buildPage(): Promise<void> {
  const { build } = await import('vite')
  await build({ logLevel: 'error' })
}

async function digestOf(paths: readonly string[]): Promise<string> {
  const hash = createHash('sha256')
  for (const file of await filesOf(paths)) {
    hash.update(`${file}\0`).update(
      createHash('sha256')
        .update(await readFile(file))
        .digest(),
    )
  }
  return hash.digest('hex')
}

/** Files under these paths, in a fixed order; what does not exist has none. */
async function filesOf(paths: readonly string[]): Promise<string[]> {
  const lists = await Promise.all(
    paths.filter(existsSync).map(async (path) => {
      const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => null)
      if (entries === null) return [path]
      return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    }),
  )
  return lists.flat().sort()
}
