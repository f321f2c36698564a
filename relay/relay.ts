import { readFile } from 'node:fs/promises'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer as createHttpsServer, Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { AddressAdmission } from './admission.ts'
import { urlHost, type RelayConfig } from './config.ts'
import { boundConnections } from './connection-bounds.ts'
import { ConfigError, PortTakenError } from './errors.ts'
import { createRequestListener } from './http.ts'
import { loadIdentity } from './identity.ts'
import { startRelayNode } from './libp2p.ts'
import { circuitMetrics } from './libp2p-metrics.ts'
import { logToStderr, type Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { announcedOrigins, browsableHost, multiaddrOf } from './origin.ts'
import { RateLimit } from './rate-limit.ts'
import { StaticFiles } from './static-files.ts'
import { WebSocketBridge } from './websocket-bridge.ts'

/** After this, what has not closed in good order is cut. */
const DRAIN_DEADLINE_MS = 5_000

/** Connections that only fetch the page, beside all WebSockets: beyond that a flood of idle ones is cut. */
const PAGE_CONNECTIONS = 1024

/** Of these, from one address: a browser opens six at a time, and a classroom has one address. */
const PAGE_CONNECTIONS_PER_ADDRESS = 512

/** Longer than any phone takes for a request; a download that stands still for so long is dead. */
const IDLE_CONNECTION_MS = 60_000

export interface Relay {
  readonly port: number
  readonly peerId: string
  /** For people: where to point a browser on this machine. */
  readonly url: string
  /** Stops accepting, closes connections in good order, cuts what is left after five seconds. */
  stop(): Promise<void>
  /** Reads the certificate and its key again; new connections use them. Throws `ConfigError`. */
  reloadCertificate(): Promise<void>
}

/** Throws `ConfigError`, `IdentityFileError`, `PortTakenError`. */
export async function startRelay(config: RelayConfig, log: Log = logToStderr): Promise<Relay> {
  const tls = await readTls(config)
  const server = createServer(tls)
  server.maxConnections = config.limits.maxConnections + PAGE_CONNECTIONS
  const port = await listen(server, config)
  try {
    return await serve(server, port, config, log)
  } catch (error) {
    server.close()
    throw error
  }
}

async function serve(server: Server, port: number, config: RelayConfig, log: Log): Promise<Relay> {
  const [privateKey, files, version] = await Promise.all([
    loadIdentity(config.identityFile),
    StaticFiles.index(config.staticDir),
    readVersion(),
  ])
  const metrics = createMetrics()
  const node = await startRelayNode({
    privateKey,
    network: config.network,
    limits: config.limits,
    announced: () => announcedOrigins(config, port).map(multiaddrOf),
    metrics: () => circuitMetrics(metrics),
    onGossip: (kind, finding) => metrics.gossip.inc({ kind, finding }),
  })
  const admission = new AddressAdmission(config.limits)
  const bridge = new WebSocketBridge({
    libp2pPort: node.port,
    admission,
    trustProxy: config.trustProxy,
    onRefusal: (reason) => metrics.refusals.inc({ reason }),
    log,
  })
  metrics.read({
    connections: () => admission.open,
    reservations: node.reservations,
    networks: node.networks,
    webSocketBytes: () => bridge.bytes(),
  })
  const peerId = node.peerId.toString()
  let stopping: Promise<void> | null = null
  const requests = new RateLimit(config.limits.requestsPerMinute)
  boundConnections(server, {
    perAddress: config.trustProxy ? Infinity : config.limits.connectionsPerAddress + PAGE_CONNECTIONS_PER_ADDRESS,
    idleMs: IDLE_CONNECTION_MS,
    onRefusal: () => metrics.refusals.inc({ reason: 'connections' }),
  })
  server.on(
    'request',
    createRequestListener({
      config,
      files,
      metrics,
      requests,
      peerId,
      version,
      draining: () => stopping !== null,
      log,
    }),
  )
  server.on('upgrade', (request, socket, head) => bridge.upgrade(request, socket, head))

  const stop = async () => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()))
    server.closeIdleConnections()
    const deadline = setTimeout(() => {
      log('warn', 'drain-cut', { connections: admission.open })
      bridge.destroy()
      server.closeAllConnections()
    }, DRAIN_DEADLINE_MS)
    await node.stop()
    bridge.destroy()
    await closed
    clearTimeout(deadline)
    metrics.registry.clear()
  }
  return {
    port,
    peerId,
    url: `${config.tls ? 'https' : 'http'}://${urlHost(browsableHost(config.host))}:${port}`,
    stop: () => (stopping ??= stop()),
    reloadCertificate: async () => {
      const tls = await readTls(config)
      if (tls && server instanceof HttpsServer) checkTls(() => server.setSecureContext(tls))
    },
  }
}

function createServer(tls: { cert: Buffer; key: Buffer } | null): Server {
  return tls ? checkTls(() => createHttpsServer(tls)) : createHttpServer()
}

function checkTls<T>(use: () => T): T {
  try {
    return use()
  } catch (error) {
    throw new ConfigError('--cert and --key hold no certificate and key that fit together.', { cause: error })
  }
}

async function listen(server: Server, config: RelayConfig): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new PortTakenError(`Port ${config.port} is taken by another program.`))
      else if (error.code === 'EACCES') reject(new ConfigError(`Port ${config.port} needs more rights than yours.`))
      else
        reject(new ConfigError(`Cannot listen on ${config.host ?? 'all addresses'}: ${error.code ?? error.message}.`))
    })
    server.listen({ port: config.port, host: config.host }, resolve)
  })
  server.removeAllListeners('error')
  return (server.address() as AddressInfo).port
}

async function readTls(config: RelayConfig): Promise<{ cert: Buffer; key: Buffer } | null> {
  if (!config.tls) return null
  const read = async (file: string) =>
    readFile(file).catch((error: unknown) => {
      throw new ConfigError(`${file} cannot be read.`, { cause: error })
    })
  const [cert, key] = await Promise.all([read(config.tls.certFile), read(config.tls.keyFile)])
  return { cert, key }
}

async function readVersion(): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8'))
  return (manifest as { version: string }).version
}
