import '#relay/node20.ts'
import { randomBytes } from 'node:crypto'
import { createInterface } from 'node:readline'
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Message } from '@chainsafe/libp2p-gossipsub'
import { multiaddr } from '@multiformats/multiaddr'
import { topicsOf } from '#adapters/libp2p/gossip.ts'
import { DEFAULT_LIMITS } from '#adapters/libp2p/limits.ts'
import { createNode, type SwarmLibp2p } from '#adapters/libp2p/node.ts'
import { peerIdOf } from '#adapters/libp2p/peer-identity.ts'
import type { NodeId, OperatorId } from '#core/protocol/ids.ts'
import { hostileFrames } from './hostile-frames.ts'

/**
 * A liar on the mesh, as a process of its own: joins over the relay, makes a WebRTC link to a tab, listens along, and
 * at the word `attack` on its input says what no honest node says; at `replay` it repeats every frame that it heard before.
 * Its arguments are one line of JSON, `HostileNodeInit`; it answers in lines of JSON, `HostileNodeEvent`.
 */

export interface HostileNodeInit {
  readonly relay: string
  readonly network: string
  /** Who gets the frames. */
  readonly target: NodeId
  readonly victim: NodeId
  readonly victimOperator: OperatorId
}

export type HostileNodeEvent =
  | { readonly event: 'linked' }
  | { readonly event: 'attacked'; readonly counters: readonly string[] }
  | { readonly event: 'replayed'; readonly frames: number }

/** Dials of Node's WebRTC hang now and then; a new one then succeeds. */
const DIAL_TIMEOUT_MS = 10_000
const DIAL_ATTEMPTS = 5

/** Gossip takes a frame for an echo of itself within `seenTTL` (gossip.ts); only later does it reach a validator. */
const SEEN_MS = 31_000

const init = JSON.parse(process.argv[2] ?? '') as HostileNodeInit
const seed = randomBytes(32)
const topic = topicsOf(init.network).frames
const libp2p = await createNode({
  privateKey: await generateKeyPairFromSeed('Ed25519', seed),
  network: init.network,
  iceServers: [],
  direct: true,
  mayDial: () => true,
  limits: DEFAULT_LIMITS,
})
const { gossip } = libp2p.services
const heard: Uint8Array[] = []
let lastHeardMs = 0
let listening = true
gossip.addEventListener('message', ({ detail }: CustomEvent<Message>) => {
  if (!listening || detail.topic !== topic) return
  heard.push(detail.data)
  lastHeardMs = performance.now()
})
await libp2p.start()
gossip.subscribe(topic)
await libp2p.dial(multiaddr(init.relay))
await link(libp2p, init)
say({ event: 'linked' })

for await (const word of createInterface({ input: process.stdin })) {
  if (word === 'attack') {
    listening = false
    const frames = hostileFrames({ ...init, privateKey: seed })
    for (const { frame } of frames) await gossip.publish(topic, frame)
    say({ event: 'attacked', counters: frames.map(({ counter }) => counter).filter(Boolean) })
  }
  if (word === 'replay') {
    await new Promise((resolve) => setTimeout(resolve, lastHeardMs + SEEN_MS - performance.now()))
    for (const frame of heard) await gossip.publish(topic, frame)
    say({ event: 'replayed', frames: heard.length })
  }
}
await libp2p.stop()
process.exit()

/** Resolves when the target takes this node's gossip over a link of their own. */
async function link(libp2p: SwarmLibp2p, { relay, target }: HostileNodeInit): Promise<void> {
  const address = multiaddr(`${relay}/p2p-circuit/webrtc/p2p/${peerIdOf(target).toString()}`)
  for (let attempt = 1; ; attempt++) {
    try {
      await libp2p.dial(address, { signal: AbortSignal.timeout(DIAL_TIMEOUT_MS) })
      break
    } catch (error) {
      if (attempt === DIAL_ATTEMPTS) throw error
    }
  }
  const hears = () => gossip.getSubscribers(topic).some((peer) => peer.equals(peerIdOf(target)))
  while (!hears()) {
    await new Promise((resolve) => gossip.addEventListener('subscription-change', resolve, { once: true }))
  }
}

function say(event: HostileNodeEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`)
}
