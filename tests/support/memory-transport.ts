import {
  transportSymbol,
  TypedEventEmitter,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type MultiaddrConnection,
  type PeerId,
  type Transport,
} from '@libp2p/interface'
import { multiaddrConnectionPair } from '@libp2p/utils'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { DirectTransport } from '#adapters/libp2p/node.ts'

/** Takes the answering end of a new connection. */
type Answer = (connection: MultiaddrConnection) => void

/** Messages under way in one direction before a sender is told to wait. */
const CAPACITY = 512

/**
 * Connections inside one process, in place of WebRTC: they take the addresses that WebRTC takes
 * (`…/p2p-circuit/webrtc/p2p/ID`), so that whoever dials cannot tell the difference. What travels is encrypted by noise
 * and multiplexed by yamux like any other connection. `made` counts the connections.
 */
export function createMemoryHub(): { readonly transport: DirectTransport; readonly made: () => number } {
  const listening = new Map<string, Answer>()
  let made = 0
  const transport = ({ peerId }: { peerId: PeerId }): Transport => ({
    [Symbol.toStringTag]: 'memory',
    [transportSymbol]: true,
    async dial(address: Multiaddr, { upgrader, ...options }: DialTransportOptions): Promise<Connection> {
      const to = /\/p2p\/([^/]+)$/.exec(address.toString())?.[1] ?? ''
      const answer = listening.get(to)
      if (!answer) throw new Error(`nobody listens as ${to}`)
      const [here, there] = multiaddrConnectionPair({
        capacity: CAPACITY,
        outbound: { remoteAddr: multiaddr(`/memory/${to}`) },
        inbound: { remoteAddr: multiaddr(`/memory/${peerId.toString()}`) },
      })
      made++
      answer(there)
      return upgrader.upgradeOutbound(here, options)
    },
    createListener: ({ upgrader }: CreateListenerOptions) => new MemoryListener(peerId.toString(), listening, upgrader),
    listenFilter: (addresses) => addresses.filter((address) => address.toString() === '/webrtc'),
    dialFilter: (addresses) => addresses.filter((address) => address.toString().includes('/webrtc/')),
  })
  return { transport, made: () => made }
}

class MemoryListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #id: string
  readonly #listening: Map<string, Answer>
  readonly #upgrader: CreateListenerOptions['upgrader']
  readonly #closing = new AbortController()

  constructor(id: string, listening: Map<string, Answer>, upgrader: CreateListenerOptions['upgrader']) {
    super()
    this.#id = id
    this.#listening = listening
    this.#upgrader = upgrader
  }

  async listen(): Promise<void> {
    this.#listening.set(this.#id, (connection) => {
      const signal = this.#upgrader.createInboundAbortSignal(this.#closing.signal)
      this.#upgrader
        .upgradeInbound(connection, { signal })
        .catch((error: Error) => connection.abort(error))
        .finally(() => signal.clear())
    })
    this.dispatchEvent(new CustomEvent('listening'))
  }

  getAddrs(): Multiaddr[] {
    return []
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    this.#listening.delete(this.#id)
    this.#closing.abort()
    this.dispatchEvent(new CustomEvent('close'))
  }
}
