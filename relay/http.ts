import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http'
import { blurAddress, clientAddress } from './client-address.ts'
import type { RelayConfig } from './config.ts'
import type { Log } from './log.ts'
import type { RelayMetrics } from './metrics.ts'
import { multiaddrOf, originOf, type Origin } from './origin.ts'
import type { RateLimit } from './rate-limit.ts'
import { securityHeaders } from './security-headers.ts'
import type { StaticFiles } from './static-files.ts'

export interface HttpInit {
  readonly config: RelayConfig
  readonly files: StaticFiles
  readonly metrics: RelayMetrics
  readonly requests: RateLimit
  readonly peerId: string
  readonly version: string
  readonly draining: () => boolean
  readonly log: Log
}

/** What `/config.json` tells the page. */
export interface PageConfig {
  /** How to dial the relay, from where the page was reached. */
  readonly multiaddrs: readonly string[]
  readonly network: string
  readonly iceServers: RelayConfig['iceServers']
  readonly version: string
}

type Kind = 'config' | 'health' | 'metrics' | 'static' | 'missing' | 'refused' | 'cut' | 'failed'

export function createRequestListener(init: HttpInit): RequestListener {
  return (request, response) => {
    respond(init, request, response)
      .catch((error: unknown): Kind => {
        // A visitor who leaves in the middle of a download is no failure of ours.
        if (response.destroyed) return 'cut'
        init.log('error', 'request-failed', { error: error instanceof Error ? error.name : 'unknown' })
        if (response.headersSent) response.destroy()
        else sendText(request, response, 500, 'Something failed here.')
        return 'failed'
      })
      .then((kind) => init.metrics.httpRequests.inc({ kind, status: response.statusCode }))
  }
}

async function respond(init: HttpInit, request: IncomingMessage, response: ServerResponse): Promise<Kind> {
  const origin = originOf(request, init.config)
  for (const [name, value] of Object.entries(securityHeaders(origin))) response.setHeader(name, value)
  if (comesTooOften(init, request, response)) return 'refused'
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD')
    sendText(request, response, 405, 'Only GET and HEAD are answered here.')
    return 'refused'
  }
  const pathname = pathOf(request)
  switch (pathname) {
    case null:
      sendText(request, response, 400, 'That path cannot be read.')
      return 'refused'
    case '/config.json':
      sendJson(request, response, pageConfig(init, origin))
      return 'config'
    case '/healthz':
      if (init.draining()) sendText(request, response, 503, 'draining')
      else sendText(request, response, 200, 'ok')
      return 'health'
    case '/metrics':
      send(request, response, 200, init.metrics.registry.contentType, await init.metrics.registry.metrics())
      return 'metrics'
  }
  if (await init.files.respond(request, response, pathname)) return 'static'
  if (init.files.isEmpty && pathname === '/') {
    sendText(request, response, 503, 'The relay runs, but the page is not built yet: run "npm run build".')
  } else sendText(request, response, 404, 'There is nothing here.')
  return 'missing'
}

/** Whether the client's address has used up its requests; it has its answer then. */
function comesTooOften(init: HttpInit, request: IncomingMessage, response: ServerResponse): boolean {
  // A probe that is refused would have the relay restarted for being busy.
  if (request.url === '/healthz') return false
  const address = clientAddress(request, init.config.trustProxy)
  const refusal = init.requests.take(address)
  if (!refusal) return false
  init.metrics.refusals.inc({ reason: 'request-rate' })
  if (refusal.isFirst) init.log('warn', 'client-refused', { reason: 'request-rate', address: blurAddress(address) })
  response.setHeader('Retry-After', refusal.retryAfterS)
  sendText(request, response, 429, 'Too many requests from your address; try again later.')
  return true
}

/** Null for what no browser sends. */
function pathOf(request: IncomingMessage): string | null {
  try {
    const pathname = decodeURIComponent(new URL(request.url ?? '/', 'http://relay').pathname)
    return pathname.includes('\0') ? null : pathname
  } catch {
    return null
  }
}

function pageConfig({ config, peerId, version }: HttpInit, origin: Origin | null): PageConfig {
  return {
    multiaddrs: origin ? [`${multiaddrOf(origin)}/p2p/${peerId}`] : [],
    network: config.network,
    iceServers: config.iceServers,
    version,
  }
}

function sendJson(request: IncomingMessage, response: ServerResponse, value: unknown): void {
  send(request, response, 200, 'application/json; charset=utf-8', JSON.stringify(value))
}

function sendText(request: IncomingMessage, response: ServerResponse, status: number, sentence: string): void {
  send(request, response, status, 'text/plain; charset=utf-8', `${sentence}\n`)
}

function send(request: IncomingMessage, response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, {
    'Content-Type': type,
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}
