import '#relay/node20.ts'
import { readConfig } from '#relay/config.ts'
import { reportFailure } from '#relay/errors.ts'
import { logToStderr } from '#relay/log.ts'
import { startRelay } from '#relay/relay.ts'
import { stopOnSignals } from '#relay/signals.ts'
import { createServer } from 'vite'

/**
 * `npm run dev`: Vite with hot reload, and a relay on a port of its own. The page asks Vite for `/config.json` and is
 * told the relay's own address, so that libp2p's WebSocket and Vite's do not meet on one path.
 */
try {
  const configured = readConfig(process.argv.slice(2), process.env)
  if ('help' in configured) process.stdout.write(configured.help)
  else {
    const { config } = configured
    const relay = await startRelay({ ...config, port: 0, host: '127.0.0.1' })
    const relayed = { target: `http://localhost:${relay.port}`, changeOrigin: true }
    const vite = await createServer({
      server: {
        port: config.port,
        headers: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
        proxy: { '/config.json': relayed, '/healthz': relayed, '/metrics': relayed },
      },
    })
    await vite.listen()
    vite.printUrls()
    stopOnSignals(async () => {
      await Promise.all([vite.close(), relay.stop()])
    }, logToStderr)
  }
} catch (error) {
  reportFailure(error)
}
