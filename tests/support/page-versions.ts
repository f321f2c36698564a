import { createHash } from 'node:crypto'
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'

/** A built page in a folder of its own, which a relay serves, and its next version. */
export interface PageVersions {
  readonly folder: string
  /**
   * Puts the next version in place, as a deployment does: the page's code says `window.pageVersion`, every bundle has
   * another name, the service worker knows them, and the old ones are gone. A relay serves it once it is started again.
   */
  deployNext(): Promise<void>
  remove(): Promise<void>
}

declare global {
  interface Window {
    /** Which deployment the code that runs came with; undefined for the first. */
    pageVersion?: number
  }
}

const TEXTS = ['.html', '.js', '.css']

export async function createPageVersions(dist: string): Promise<PageVersions> {
  const folder = await mkdtemp(join(tmpdir(), 'tabswarm-page-'))
  await cp(dist, folder, { recursive: true, filter: (path) => extname(path) !== '.map' })
  let version = 1

  async function deployNext(): Promise<void> {
    version++
    const assets = await readdir(join(folder, 'assets'))
    const renamed = new Map(assets.map((name) => [name, name.replace(/(\.\w+)$/, `v${version}$1`)]))
    for (const [before, after] of renamed) await rename(join(folder, 'assets', before), join(folder, 'assets', after))
    const files = await readdir(folder, { recursive: true })
    const oldIndex = await readFile(join(folder, 'index.html'))
    for (const file of files.filter((file) => TEXTS.includes(extname(file)))) {
      let text = await readFile(join(folder, file), 'utf8')
      for (const [before, after] of renamed) text = text.replaceAll(before, after)
      if (/^assets\/index-.*\.js$/.test(file)) text = `window.pageVersion = ${version};${text}`
      await writeFile(join(folder, file), text)
    }
    const worker = join(folder, 'service-worker.js')
    const revised = (await readFile(worker, 'utf8')).replace(
      revisionOf(oldIndex),
      revisionOf(await readFile(join(folder, 'index.html'))),
    )
    await writeFile(worker, revised)
  }

  return { folder, deployNext, remove: () => rm(folder, { recursive: true }) }
}

/** As vite-plugin-pwa names the content of a file whose name does not. */
function revisionOf(content: Buffer): string {
  return createHash('md5').update(content).digest('hex')
}
