import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** `npm run build`: builds the page into `dist`, and notes from which sources. */

/** Everything that the built page is made of. */
const SOURCES = [
  'src',
  'public',
  'index.html',
  'vite.config.ts',
  'svelte.config.js',
  'package.json',
  'package-lock.json',
]

export interface BuildInit {
  /** The project's folder. */
  readonly root: string
  /** Fills `dist` below it. */
  readonly buildPage: () => Promise<void>
  readonly say: (sentence: string) => void
}

/** Builds the page unless `dist` was built from just these sources. Returns whether it did. */
export async function buildIfStale(init: Partial<BuildInit> = {}): Promise<boolean> {
  const { root, say } = { ...DEFAULTS, ...init }
  const built = existsSync(join(root, 'dist', 'index.html'))
    ? await readFile(stampOf(root), 'utf8').catch(() => null)
    : null
  if (built === (await digestOf(root))) {
    say('The built page is up to date.')
    return false
  }
  await build(init)
  return true
}

/** Builds the page in any case. */
export async function build(init: Partial<BuildInit> = {}): Promise<void> {
  const { root, buildPage, say } = { ...DEFAULTS, ...init }
  // Before, so that what changes meanwhile is built next time.
  const stamp = await digestOf(root)
  say('Building the page …')
  const startedAtMs = performance.now()
  // A build cut short leaves none, and so is built again.
  await rm(stampOf(root), { force: true })
  await buildPage()
  await writeFile(stampOf(root), stamp)
  say(`Built in ${((performance.now() - startedAtMs) / 1000).toFixed(1)} s.`)
}

const DEFAULTS: BuildInit = {
  root: '.',
  async buildPage() {
    const { build } = await import('vite')
    await build({ logLevel: 'error' })
  },
  say: () => undefined,
}

const stampOf = (root: string) => join(root, 'dist', '.stamp')

async function digestOf(root: string): Promise<string> {
  const hash = createHash('sha256')
  for (const file of await filesOf(root)) {
    hash.update(`${file}\0`).update(
      createHash('sha256')
        .update(await readFile(join(root, file)))
        .digest(),
    )
  }
  return hash.digest('hex')
}

/** Source files from the root, in a fixed order; what does not exist has none. */
async function filesOf(root: string): Promise<string[]> {
  const lists = await Promise.all(
    SOURCES.filter((path) => existsSync(join(root, path))).map(async (path) => {
      const entries = await readdir(join(root, path), { recursive: true, withFileTypes: true }).catch(() => null)
      if (entries === null) return [path]
      return entries
        .filter((entry) => entry.isFile())
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    }),
  )
  return lists.flat().sort()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await build({ say: (sentence) => console.log(sentence) })
