import './node20.ts'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readConfig } from './config.ts'
import { logToStderr } from './log.ts'
import { reportFailure } from './errors.ts'
import { startRelay } from './relay.ts'
import { reloadOnHangup, stopOnSignals } from './signals.ts'

/** `npm run relay`. Exit codes: 0 stopped in good order, 1 failed, 2 started wrongly. */
try {
  const configured = readConfig(process.argv.slice(2), process.env)
  if ('help' in configured) process.stdout.write(configured.help)
  else {
    const { config } = configured
    const relay = await startRelay(config)
    stopOnSignals(() => relay.stop(), logToStderr)
    reloadOnHangup(() => relay.reloadCertificate(), logToStderr)
    if (!existsSync(join(config.staticDir, 'index.html')))
      logToStderr('warn', 'no-page', { directory: config.staticDir })
    // For programs that start a relay on port 0.
    process.stdout.write(`listening ${JSON.stringify({ port: relay.port, peerId: relay.peerId, url: relay.url })}\n`)
  }
} catch (error) {
  reportFailure(error)
}
