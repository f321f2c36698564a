import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { build, buildIfStale } from '../../bin/build.ts'

let root: string
let builds: number

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'build-'))
  builds = 0
  await mkdir(join(root, 'src', 'ui'), { recursive: true })
  await write('src/ui/page.ts', 'one')
  await write('index.html', '<title>page</title>')
})

afterEach(() => rm(root, { recursive: true }))

const write = (path: string, content: string) => writeFile(join(root, path), content)

/** As Vite does: empties `dist` and fills it. */
async function buildPage(): Promise<void> {
  builds++
  await rm(join(root, 'dist'), { recursive: true, force: true })
  await mkdir(join(root, 'dist'))
  await write('dist/index.html', await readFile(join(root, 'src/ui/page.ts'), 'utf8'))
}

const ifStale = () => buildIfStale({ root, buildPage })

test('a page that was never built is built, and then is fresh', async () => {
  expect(await ifStale()).toBe(true)
  expect(await ifStale()).toBe(false)
  expect(builds).toBe(1)
})

test('what `npm run build` has built is fresh', async () => {
  await build({ root, buildPage })
  expect(await ifStale()).toBe(false)
})

test.each([
  ['changed', () => write('src/ui/page.ts', 'two')],
  ['added', () => write('src/ui/more.ts', '')],
  ['added at the top', () => write('svelte.config.js', '')],
  ['removed', () => rm(join(root, 'src/ui/page.ts')).then(() => write('src/page.ts', 'one'))],
])('a source that is %s makes it stale', async (_, change) => {
  await ifStale()
  await change()
  const again = await buildIfStale({ root, buildPage: () => write('dist/index.html', '').then(() => void builds++) })
  expect([again, builds]).toEqual([true, 2])
  expect(await ifStale()).toBe(false)
})

test('a file that is no source does not', async () => {
  await ifStale()
  await write('README.md', 'news')
  await write('dist/extra.js', '')
  expect(await ifStale()).toBe(false)
})

test.each([
  ['the whole of dist', 'dist'],
  ['the page', 'dist/index.html'],
  ['the stamp', 'dist/.stamp'],
])('it is built again where %s is missing', async (_, path) => {
  await ifStale()
  await rm(join(root, path), { recursive: true })
  expect(await ifStale()).toBe(true)
  expect(await ifStale()).toBe(false)
})

test('a build that fails in the middle is not taken for whole, also when the sources are as before', async () => {
  await ifStale()
  await write('src/ui/page.ts', 'two')
  const broken = () => write('dist/index.html', 'half').then(() => Promise.reject(new Error('a syntax error')))
  await expect(buildIfStale({ root, buildPage: broken })).rejects.toThrow('a syntax error')
  await write('src/ui/page.ts', 'one')
  expect(await ifStale()).toBe(true)
  expect(await readFile(join(root, 'dist/index.html'), 'utf8')).toBe('one')
})

test('a source that changes during the build is built next time', async () => {
  const slow = () => buildPage().then(() => write('src/ui/page.ts', 'saved meanwhile'))
  await buildIfStale({ root, buildPage: slow })
  expect(await ifStale()).toBe(true)
  expect(await readFile(join(root, 'dist/index.html'), 'utf8')).toBe('saved meanwhile')
})
