/**
 * Keeps the page for use without a network. It never computes: browsers end service workers at will.
 *
 * Invariants: 1. a file is kept under its name and revision, so that a new version fetches only what changed; 2. a
 * response is kept with the headers it came with, cross-origin isolation included; 3. a new version waits until the
 * page asks for it, so that no tab changes under a running session.
 */
declare const self: ServiceWorkerGlobalScope & {
  /** Filled in by the build: every file of it; `revision` is null where the name holds a hash. */
  readonly __WB_MANIFEST: readonly { readonly url: string; readonly revision: string | null }[]
}

const FILES = 'tabswarm-files'
const CONFIG = 'tabswarm-config'
const CONFIG_PATH = '/config.json'
/** Longer than a live relay needs, shorter than a person's patience with a dead one. */
const CONFIG_TIMEOUT_MS = 3000

/** From a file's path to its key in the cache. */
const keys = new Map<string, string>()
for (const { url, revision } of self.__WB_MANIFEST) {
  // The page is asked for as `/`; a redirect from its file name would not do for a navigation.
  const path = url === 'index.html' ? '/' : `/${url}`
  keys.set(path, revision === null ? path : `${path}?revision=${revision}`)
}

/** Code of the larger models, by kind: only who has chosen such a model fetches it, and keeps it then. */
const OPTIONAL = [['/assets/webllm'], ['/assets/gguf', '/assets/wllama']]

const isOf = (kind: readonly string[], path: string) => kind.some((start) => path.startsWith(start))
const isOptional = (path: string) => OPTIONAL.some((kind) => isOf(kind, path))

/** The embedded models and the code that runs them: tens of megabytes, kept only once the page uses them. */
const isEngine = (path: string) => path.startsWith('/models/') || (path.endsWith('.wasm') && !isOptional(path))

self.addEventListener('install', (event) => {
  event.waitUntil(install())
})

self.addEventListener('activate', (event) => {
  event.waitUntil(Promise.all([dropOld(), self.clients.claim()]))
})

self.addEventListener('message', (event) => {
  if (event.data === 'take-over') event.waitUntil(self.skipWaiting())
  // On a first visit the engine is fetched before this worker runs; asked again, it comes from the HTTP cache.
  if (event.data === 'keep-engine') event.waitUntil(keep([...keys.keys()].filter(isEngine)))
})

self.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (request.method !== 'GET' || origin !== location.origin || request.headers.has('range')) return
  if (pathname === CONFIG_PATH) event.respondWith(networkFirst(request))
  else if (keys.has(pathname)) event.respondWith(cacheFirst(pathname, request))
})

/** The page; and of what is fetched only where it is used, what the version before has kept. */
async function install(): Promise<void> {
  const kept = (await (await caches.open(FILES)).keys()).map(({ url }) => new URL(url).pathname)
  const used = OPTIONAL.filter((kind) => kept.some((path) => isOf(kind, path)))
  const wanted = (path: string) => !isEngine(path) && (!isOptional(path) || used.some((kind) => isOf(kind, path)))
  await keep([...keys.keys()].filter(wanted))
}

async function keep(paths: readonly string[]): Promise<void> {
  const cache = await caches.open(FILES)
  await Promise.all(
    paths.map(async (path) => {
      const key = keys.get(path) ?? path
      if (await cache.match(key)) return
      // A name without a hash may stand in the HTTP cache in an older version.
      const response = await fetch(path, { cache: key === path ? 'default' : 'reload' })
      if (!response.ok) throw new Error(`${path}: ${response.status}`)
      await cache.put(key, response)
    }),
  )
}

async function dropOld(): Promise<void> {
  const cache = await caches.open(FILES)
  const current = new Set([...keys.values()].map((key) => new URL(key, location.origin).href))
  const old = (await cache.keys()).filter((request) => !current.has(request.url))
  await Promise.all(old.map((request) => cache.delete(request)))
}

async function cacheFirst(path: string, request: Request): Promise<Response> {
  const cache = await caches.open(FILES)
  const key = keys.get(path) ?? path
  const kept = await cache.match(key, { ignoreVary: true })
  if (kept) return kept
  const response = await fetch(request)
  if (response.ok) await cache.put(key, response.clone())
  return response
}

async function networkFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CONFIG)
  try {
    const response = await fetch(request, { cache: 'no-store', signal: AbortSignal.timeout(CONFIG_TIMEOUT_MS) })
    if (response.ok) await cache.put(CONFIG_PATH, response.clone())
    return response
  } catch (error) {
    const kept = await cache.match(CONFIG_PATH, { ignoreVary: true })
    if (kept) return kept
    throw error
  }
}

export {}
