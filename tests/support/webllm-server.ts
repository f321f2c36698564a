import { createServer } from 'vite'

/** Serves tests/browser/webllm.page.html, with the real worker and the real web-llm behind it. */
export async function serveWebLlmPage() {
  const server = await createServer({
    configFile: false,
    logLevel: 'error',
    server: { port: 0, host: '127.0.0.1' },
    // Found late, a dependency would reload the page in the middle of a test.
    optimizeDeps: { noDiscovery: true },
    worker: { format: 'es' },
  })
  await server.listen()
  return { url: `${server.resolvedUrls?.local[0]}tests/browser/webllm.page.html`, close: () => server.close() }
}
