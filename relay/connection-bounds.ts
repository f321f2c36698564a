import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { addressGroup } from './client-address.ts'

export interface ConnectionBounds {
  /** Connections of any kind that one address holds at a time; Infinity behind a proxy, which is one address to us. */
  readonly perAddress: number
  /** A request that is not here by then, or a connection on which nothing moves for so long, is cut. */
  readonly idleMs: number
  readonly onRefusal: () => void
}

/**
 * Bounds what a client holds without asking for anything: connections without a request, and answers that it does not
 * read. What becomes a WebSocket takes its own timeout off (websocket-bridge.ts).
 */
export function boundConnections(server: Server, { perAddress, idleMs, onRefusal }: ConnectionBounds): void {
  server.headersTimeout = idleMs
  server.requestTimeout = idleMs
  server.timeout = idleMs
  const open = new Map<string, number>()
  server.on('connection', (socket: Socket) => {
    const address = addressGroup(socket.remoteAddress ?? 'unknown')
    const count = open.get(address) ?? 0
    if (count >= perAddress) {
      onRefusal()
      socket.destroy()
      return
    }
    open.set(address, count + 1)
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1
      if (left > 0) open.set(address, left)
      else open.delete(address)
    })
  })
}
