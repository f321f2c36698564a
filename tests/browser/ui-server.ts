import { fileURLToPath } from 'node:url'
import { build, preview } from 'vite'

/** Builds the interface on a fake node, as a release would be, and serves it on a free port under the relay's headers. */
export async function serveInterface(): Promise<{ url: string; close: () => Promise<void> }> {
  const configFile = fileURLToPath(new URL('./ui.vite.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'warn' })
  const server = await preview({ configFile, logLevel: 'warn', preview: { host: '127.0.0.1', port: 0 } })
  const address = server.httpServer.address()
  if (address === null || typeof address === 'string') throw new Error('The preview server has no port')
  return { url: `http://127.0.0.1:${address.port}/tests/browser/ui-harness.html`, close: () => server.close() }
}
