import '#relay/node20.ts'
import { readConfig, type RelayConfig } from '#relay/config.ts'
import { ConfigError, PortTakenError, reportFailure } from '#relay/errors.ts'
import { logToStderr } from '#relay/log.ts'
import { startRelay, type Relay } from '#relay/relay.ts'
import { reloadOnHangup, stopOnSignals } from '#relay/signals.ts'
import { buildIfStale } from './build.ts'

/** How far above 8080 a free port is looked for. */
const PORTS_TRIED = 50

/** `npm start`: builds what is stale and serves everything on one port of this machine. */
try {
  const configured = readConfig(process.argv.slice(2), process.env)
  if ('help' in configured) process.stdout.write(configured.help)
  else {
    const { config, portGiven } = configured
    await buildIfStale({ say })
    const local = { ...config, host: config.host ?? '127.0.0.1' }
    const relay = portGiven ? await startRelay(local) : await startOnFreePort(local)
    stopOnSignals(() => relay.stop(), logToStderr)
    reloadOnHangup(() => relay.reloadCertificate(), logToStderr)
    say('')
    say(`Tabswarm is running: ${relay.url}`)
    say('Open it in three or more tabs, and ask. Ctrl-C stops it.')
  }
} catch (error) {
  reportFailure(error)
}

async function startOnFreePort(config: RelayConfig): Promise<Relay> {
  for (let port = config.port; port < config.port + PORTS_TRIED; port++) {
    try {
      return await startRelay({ ...config, port })
    } catch (error) {
      if (!(error instanceof PortTakenError)) throw error
    }
  }
  throw new ConfigError(
    `No port from ${config.port} to ${config.port + PORTS_TRIED - 1} is free. Name one with --port.`,
  )
}

function say(sentence: string): void {
  process.stdout.write(`${sentence}\n`)
}
