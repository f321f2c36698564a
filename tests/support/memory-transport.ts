import {
  transportSymbol,
  TypedEventEmitter,
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type ListenerEvents,
  type Logger,
  type MultiaddrConnection,
  type PeerId,
  type Transport,
} from '@libp2p/interface'
import { AbstractMultiaddrConnection, type SendResult } from '@libp2p/utils'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { DirectTransport } from '#adapters/libp2p/node.ts'

/** Takes the answering end of a new connection. */
type Answer = (connection: MultiaddrConnection) => void

/** Under way in one direction before a sender is told to wait. */
const CAPACITY_BYTES = 1024 * 1024

/**
 * Connections inside one process, in place of WebRTC: they take the addresses that WebRTC takes
 * (`…/p2p-circuit/webrtc/p2p/ID`), so that whoever dials cannot tell the difference. What travels is encrypted by noise
 * and multiplexed by yamux like any other connection. `made` counts the connections.
 */
export function createMemoryHub(): { readonly transport: DirectTransport; readonly made: () => number } {
  const listening = new Map<string, Answer>()
  let made = 0
  const transport = ({ peerId, logger }: { peerId: PeerId; logger: ComponentLogger }): Transport => ({
    [Symbol.toStringTag]: 'memory',
    [transportSymbol]: true,
    async dial(address: Multiaddr, { upgrader, ...options }: DialTransportOptions): Promise<Connection> {
      const to = /\/p2p\/([^/]+)$/.exec(address.toString())?.[1] ?? ''
      const answer = listening.get(to)
      if (!answer) throw new Error(`nobody listens as ${to}`)
      const [here, there] = connectionPair(
        `/memory/${peerId.toString()}`,
        `/memory/${to}`,
        logger.forComponent('memory'),
      )
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

function connectionPair(from: string, to: string, log: Logger): [MultiaddrConnection, MultiaddrConnection] {
  const here = new MemoryConnection({ direction: 'outbound', remoteAddr: multiaddr(to), log })
  const there = new MemoryConnection({ direction: 'inbound', remoteAddr: multiaddr(from), log })
  here.other = there
  there.other = here
  return [here, there]
}

type Bytes = Parameters<AbstractMultiaddrConnection['sendData']>[0]

/**
 * One end. What is sent within a turn of the event loop arrives together in the next one: libp2p's own pair makes a job
 * with an abort signal of every write, which costs more than the encryption of what is written.
 */
class MemoryConnection extends AbstractMultiaddrConnection {
  other: MemoryConnection | null = null
  #underWay: Bytes | null = null
  #willFlush = false
  #paused = false
  #isFull = false
  #onFlushed: () => void = () => undefined

  sendData(data: Bytes): SendResult {
    const sentBytes = data.byteLength
    if (this.#underWay) this.#underWay.append(data)
    else this.#underWay = data
    this.#flushSoon()
    this.#isFull = this.#underWay.byteLength >= CAPACITY_BYTES
    return { sentBytes, canSendMore: !this.#isFull }
  }

  sendReset(): void {
    const { other } = this
    setImmediate(() => {
      if (other?.status === 'open') other.onRemoteReset()
    })
  }

  async sendClose(): Promise<void> {
    if (this.#underWay && this.other?.status === 'open') {
      await new Promise<void>((resolve) => (this.#onFlushed = resolve))
    }
    const { other } = this
    setImmediate(() => other?.onTransportClosed())
  }

  sendPause(): void {
    this.other?.hold(true)
  }

  sendResume(): void {
    this.other?.hold(false)
  }

  /** The other end takes nothing for now, or does again. */
  hold(paused: boolean): void {
    this.#paused = paused
    if (!paused && this.#underWay) this.#flushSoon()
  }

  #flushSoon(): void {
    if (this.#willFlush) return
    this.#willFlush = true
    setImmediate(() => {
      this.#willFlush = false
      if (this.#paused && this.other?.status === 'open') return
      const data = this.#underWay
      this.#underWay = null
      if (data && this.other?.status === 'open') this.other.onData(data)
      this.#onFlushed()
      if (!this.#isFull) return
      this.#isFull = false
      this.safeDispatchEvent('drain')
    })
  }
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
