import { fileURLToPath } from 'node:url'
import { createServer, type Plugin } from 'vite'

/** Serves the sources as pages import them, with real workers behind them. `url` ends with a slash. */
export async function serveSources(plugins: readonly Plugin[] = []) {
  const server = await createServer({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    plugins: [...plugins],
    // A file that is saved meanwhile would reload the page in the middle of a test.
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    // And so would a dependency that is found late.
    optimizeDeps: { noDiscovery: true },
    worker: { format: 'es' },
  })
  await server.listen()
  return { url: server.resolvedUrls?.local[0] ?? '', close: () => server.close() }
}

interface PageOptions {
  readonly params?: Readonly<Record<string, string>>
  readonly plugins?: readonly Plugin[]
}

/** Serves a page of tests/browser. */
export async function serveTestPage(name: string, { params = {}, plugins = [] }: PageOptions = {}) {
  const { url, close } = await serveSources(plugins)
  return { url: `${url}tests/browser/${name}?${new URLSearchParams(params).toString()}`, close }
}
