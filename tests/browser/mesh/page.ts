import { received } from './count-bytes.ts'
import { createLibp2pMesh } from '#adapters/libp2p/mesh.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import type { Mesh, MeshState } from '#ports/mesh.ts'
import { createSilentLogger, createSystemClock } from '#support/system-ports.ts'
import { createFrameWriter, readFrame } from '#support/signed-frames.ts'

/** One tab's mesh, driven by the check script through `window.tab`. */
export interface Tab {
  readonly node: NodeId
  state(): MeshState
  /** Publishes a frame with this number. Resolves to how many peers it was sent to. */
  say(sequence: number): Promise<number>
  /** Publishes a frame with so many sealed bytes. Resolves to its size. */
  sayOf(sequence: number, sealedBytes: number): Promise<number>
  /** Bytes received so far from other tabs and from the relay. */
  received(): Promise<number>
  /** Senders and numbers of the frames delivered so far, with when they came, in ms since 1970. */
  heard(): readonly { from: NodeId; sequence: number; atMs: number }[]
  /** When things happened, in ms since this page began to load. */
  times(): Readonly<Record<string, number>>
  wake(): void
  stop(): Promise<void>
}

export interface TabInit {
  readonly seed: readonly number[]
  readonly network: string
  readonly relay: string
  readonly direct: boolean
  readonly knownPeers: readonly NodeId[]
}

async function join(init: TabInit): Promise<NodeId> {
  const writer = createFrameWriter(Uint8Array.from(init.seed), init.network)
  const heard: { from: NodeId; sequence: number; atMs: number }[] = []
  const times: Record<string, number> = { join: performance.now() }
  const first = (name: string) => (times[name] ??= Math.round(performance.now()))
  const mesh: Mesh = await createLibp2pMesh({
    privateKey: writer.privateKey,
    network: init.network,
    relays: [init.relay],
    iceServers: [],
    direct: init.direct,
    knownPeers: init.knownPeers,
    clock: createSystemClock(),
    logger: createSilentLogger((_level, event, fields) => {
      if (event === 'mesh:gossip-peer') first('gossip-peer')
      if (event === 'mesh:relay' && fields?.['state'] === 'connected') first('relay')
      if (event === 'mesh:relay' && fields?.['reserved'] === true) first('reserved')
      console.log(event, JSON.stringify(fields ?? {}))
    }),
  })
  mesh.subscribe(
    async (frame) => (readFrame(frame, init.network) ? 'accept' : 'reject'),
    (frame) => {
      const message = readFrame(frame, init.network)
      if (message) heard.push({ ...message, atMs: Date.now() })
      first('first-frame')
    },
  )
  mesh.onStateChange(({ links }) => {
    const direct = links.filter(({ kind }) => kind === 'direct').length
    if (links.length > 0) first('link')
    if (direct > 0) first('direct-link')
    if (direct > 1) first('direct-links-2')
  })
  await mesh.start()
  window.tab = {
    node: mesh.self,
    state: () => mesh.state(),
    say: (sequence) => mesh.publish(writer.frame(sequence)),
    async sayOf(sequence, sealedBytes) {
      const frame = writer.frame(sequence, sealedBytes)
      await mesh.publish(frame)
      return frame.byteLength
    },
    received,
    heard: () => heard,
    times: () => times,
    wake: () => mesh.wake(),
    stop: () => mesh.stop(),
  }
  return mesh.self
}

declare global {
  interface Window {
    joinMesh: (init: TabInit) => Promise<NodeId>
    tab: Tab
  }
}
window.joinMesh = join
