import { createServer } from 'vite'

/** Serves a page of tests/browser, with real workers behind it. */
export async function serveTestPage(name: string, params: Readonly<Record<string, string>> = {}) {
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    // A file that is saved meanwhile would reload the page in the middle of a test.
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    // And so would a dependency that is found late.
    optimizeDeps: { noDiscovery: true },
    worker: { format: 'es' },
  })
  await server.listen()
  const query = new URLSearchParams(params).toString()
  return { url: `${server.resolvedUrls?.local[0]}tests/browser/${name}?${query}`, close: () => server.close() }
}
