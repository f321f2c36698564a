import type { IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { blurAddress, clientAddress } from './client-address.ts'
import type { AddressAdmission, Refusal } from './admission.ts'
import type { Log } from './log.ts'

export interface BridgeInit {
  /** Loopback port on which libp2p listens. */
  readonly libp2pPort: number
  readonly admission: AddressAdmission
  readonly trustProxy: boolean
  readonly onRefusal: (reason: Refusal) => void
  readonly log: Log
}

/**
 * Passes WebSocket upgrades of the public server on to libp2p, which cannot share an HTTP server and so listens on
 * loopback. Since libp2p sees one address for all clients, limits by address are applied here.
 */
export class WebSocketBridge {
  readonly #init: BridgeInit
  readonly #pairs = new Set<readonly [Socket, Socket]>()
  #received = 0
  #sent = 0

  constructor(init: BridgeInit) {
    this.#init = init
  }

  /** Bytes from and to clients since the start. */
  bytes(): { received: number; sent: number } {
    let [received, sent] = [this.#received, this.#sent]
    for (const [client] of this.#pairs) {
      received += client.bytesRead
      sent += client.bytesWritten
    }
    return { received, sent }
  }

  upgrade(request: IncomingMessage, duplex: Duplex, head: Buffer): void {
    // Node types the socket of an upgrade as Duplex; on a server of http or https it is the connection's Socket.
    const client = duplex as Socket
    client.on('error', () => client.destroy())
    if (request.url?.split('?')[0] !== '/') return respond(client, '404 Not Found', 'libp2p listens on /.')
    const address = clientAddress(request, this.#init.trustProxy)
    const admission = this.#init.admission.admit(address)
    if ('refusal' in admission) {
      this.#init.onRefusal(admission.refusal)
      this.#init.log('warn', 'client-refused', { reason: admission.refusal, address: blurAddress(address) })
      const status = admission.refusal === 'full' ? '503 Service Unavailable' : '429 Too Many Requests'
      return respond(client, status, 'Too many connections; try again later.', admission.retryAfterS)
    }
    this.#join(request, client, head, admission.release)
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const [client, upstream] of this.#pairs) {
      client.destroy()
      upstream.destroy()
    }
  }

  #join(request: IncomingMessage, client: Socket, head: Buffer, release: () => void): void {
    const upstream = connect(this.#init.libp2pPort, '127.0.0.1')
    const pair = [client, upstream] as const
    this.#pairs.add(pair)
    client.setTimeout(0)
    client.setNoDelay(true)
    client.setKeepAlive(true, 30_000)
    upstream.setNoDelay(true)
    upstream.on('error', () => client.destroy())
    upstream.once('close', () => client.destroySoon())
    client.once('close', () => {
      upstream.destroySoon()
      if (!this.#pairs.delete(pair)) return
      this.#received += client.bytesRead
      this.#sent += client.bytesWritten
      release()
    })
    upstream.write(requestHead(request))
    upstream.write(head)
    client.pipe(upstream)
    upstream.pipe(client)
  }
}

function requestHead(request: IncomingMessage): string {
  const headers = request.rawHeaders.reduce(
    (text, part, index) => text + part + (index % 2 === 0 ? ': ' : '\r\n'),
    `GET / HTTP/1.1\r\n`,
  )
  return `${headers}\r\n`
}

function respond(client: Socket, status: string, sentence: string, retryAfterS?: number): void {
  const retry = retryAfterS === undefined ? '' : `Retry-After: ${retryAfterS}\r\n`
  client.end(
    `HTTP/1.1 ${status}\r\n${retry}Connection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(sentence)}\r\n\r\n${sentence}`,
  )
}
