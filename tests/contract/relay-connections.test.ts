import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { once } from 'node:events'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { boundConnections } from '#relay/connection-bounds.ts'

let server: Server
let refusals: number
let sockets: Socket[]

beforeEach(() => {
  refusals = 0
  sockets = []
})

afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

async function listen(bounds: { perAddress: number; idleMs: number }): Promise<void> {
  server = createServer((_, response) => {
    response.writeHead(200)
    // More than the connection's buffers hold, so that it waits for its reader.
    response.end(Buffer.alloc(64 * 1024 * 1024))
  })
  boundConnections(server, { ...bounds, onRefusal: () => refusals++ })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
}

interface Connection {
  readonly socket: Socket
  /** Resolves when the server has let go of it. */
  readonly released: Promise<unknown>
}

async function open(): Promise<Connection> {
  const taken = once(server, 'connection')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  sockets.push(socket)
  socket.on('error', () => undefined)
  const [accepted] = (await taken) as [Socket]
  return { socket, released: accepted.closed ? Promise.resolve() : once(accepted, 'close') }
}

describe('connections', () => {
  it('are bounded by address, and a closed one makes room', async () => {
    await listen({ perAddress: 2, idleMs: 60_000 })
    const [first, second] = [await open(), await open()]
    await (
      await open()
    ).released
    expect(refusals).toBe(1)
    expect(second.socket.destroyed).toBe(false)

    first.socket.destroy()
    await first.released
    await open()
    expect(refusals).toBe(1)
    await (
      await open()
    ).released
    expect(refusals).toBe(2)
  })

  it('are cut when nothing is asked, and when an answer is not read', async () => {
    await listen({ perAddress: 10, idleMs: 100 })
    const [silent, deaf] = [await open(), await open()]
    deaf.socket.pause()
    deaf.socket.write('GET / HTTP/1.1\r\nHost: relay\r\n\r\n')
    await Promise.all([silent.released, deaf.released])
    expect(refusals).toBe(0)
  })
})
