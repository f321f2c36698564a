import { createCrypto, createRandom } from '#adapters/crypto/create-crypto.ts'
import { createLibp2pMesh } from '#adapters/libp2p/mesh.ts'
import type { SessionId } from '#core/protocol/ids.ts'
import type { Mesh } from '#ports/mesh.ts'
import { SwarmNode, type SwarmNodeInit } from '#shell/swarm-node.ts'
import { createFakeDevice } from '#support/fake-device.ts'
import { FakeEngine } from '#support/fake-engine.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeStore } from '#support/fake-store.ts'
import { createSilentLogger, createSystemClock } from '#support/system-ports.ts'
import { createMemoryHub } from '#support/memory-transport.ts'
import { shareDecoding } from '#support/shared-decoding.ts'
import { shareVerification } from '#support/shared-verification.ts'

/** Nodes that come up at a time, the next when these are linked: on one machine more would only wait for each other. */
const AT_A_TIME = 8

/** With fewer direct links than this a node that loses one hangs on the relay. */
const LEAST_LINKS = 2

const MODEL = 'scripted'

export interface MeshSwarm {
  readonly nodes: readonly SwarmNode[]
  readonly buildMs: number
  /** Connections made between nodes, those to the relay not counted. */
  readonly connections: number
  readonly traffic: Traffic
  close(): Promise<void>
}

/** Frames that were published, and how often one arrived at a node that had not published it. */
export interface Traffic {
  published: number
  delivered: number
  publishedBytes: number
}

export interface MeshSwarmInit {
  readonly size: number
  readonly relay: string
  readonly network: string
  /** Whether each node decodes and verifies every statement for itself, or the first one does for all. */
  readonly verify: 'once' | 'each'
  readonly onProgress: (open: number, together: number) => void
}

/** Real shells over real libp2p nodes, each of another person, in one process. Resolves when all see all others. */
export async function openMeshSwarm(init: MeshSwarmInit): Promise<MeshSwarm> {
  const { size, onProgress } = init
  const judging = judgingBy(init.verify)
  const hub = createMemoryHub()
  const traffic: Traffic = { published: 0, delivered: 0, publishedBytes: 0 }
  const startedMs = performance.now()
  const nodes: SwarmNode[] = []
  while (nodes.length < size) {
    const batch = Math.min(AT_A_TIME, size - nodes.length)
    const starting = Array.from({ length: batch }, (_, index) =>
      openNode(init, nodes.length + index, judging, hub, traffic),
    )
    const opened = await Promise.all(starting)
    nodes.push(...opened)
    await Promise.all(opened.map((node) => holds(node, () => linksOf(node) > 0)))
    onProgress(nodes.length, 0)
  }
  let there = 0
  await Promise.all(
    nodes.map(async (node) => {
      await together(node, size - 1)
      onProgress(size, ++there)
    }),
  )
  return {
    nodes,
    buildMs: performance.now() - startedMs,
    connections: hub.made(),
    traffic,
    close: async () => void (await Promise.all(nodes.map((node) => node.stop()))),
  }
}

type Judging = Pick<SwarmNodeInit, 'crypto' | 'decode'>

/** Signatures are real in any case: the relay passes nothing else on. */
function judgingBy(verify: MeshSwarmInit['verify']): Judging {
  const crypto = createCrypto()
  return verify === 'each' ? { crypto } : { crypto: shareVerification(crypto), decode: shareDecoding() }
}

async function openNode(
  init: MeshSwarmInit,
  index: number,
  { crypto, ...judging }: Judging,
  hub: ReturnType<typeof createMemoryHub>,
  traffic: Traffic,
): Promise<SwarmNode> {
  const clock = createSystemClock()
  const logger = createSilentLogger()
  const identity = await createFakeProfile(`${init.network} ${index}`, crypto).openTab().claim()
  const mesh = await createLibp2pMesh({
    privateKey: identity.privateKey,
    network: init.network,
    relays: [init.relay],
    iceServers: [],
    directTransport: hub.transport,
    clock,
    logger,
  })
  return SwarmNode.start({
    identity,
    network: init.network,
    mesh: counted(mesh, traffic),
    engine: new FakeEngine({ clock, seed: index, modelId: MODEL, loadMs: 0, msPerToken: 0, judgeMs: 0 }),
    store: createFakeStore(),
    ...judging,
    crypto,
    clock,
    random: createRandom(),
    device: createFakeDevice(),
    logger,
    chooseModel: () => MODEL,
  })
}

function counted(mesh: Mesh, traffic: Traffic): Mesh {
  return {
    self: mesh.self,
    start: (signal) => mesh.start(signal),
    stop: () => mesh.stop(),
    state: () => mesh.state(),
    onStateChange: (listener) => mesh.onStateChange(listener),
    subscribe: (validate, deliver) =>
      mesh.subscribe(validate, (frame) => {
        traffic.delivered++
        deliver(frame)
      }),
    publish: (frame) => {
      traffic.published++
      traffic.publishedBytes += frame.length
      return mesh.publish(frame)
    },
    handle: (...handler) => mesh.handle(...handler),
    open: (...target) => mesh.open(...target),
    wake: () => mesh.wake(),
  }
}

/** Resolves when the node has its model, sees so many others with theirs, and has links that keep it in the mesh. */
function together(node: SwarmNode, others: number): Promise<void> {
  return holds(node, () => {
    const able = node.peers().filter(({ engines }) => engines.length > 0).length
    return node.status().engine.phase === 'ready' && able >= others && linksOf(node) >= Math.min(LEAST_LINKS, others)
  })
}

const linksOf = (node: SwarmNode) => node.status().mesh.links.filter(({ kind }) => kind === 'direct').length

/** Resolves when that holds at the node. */
function holds(node: SwarmNode, isSo: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (isSo()) return resolve()
    const unsubscribe = node.subscribe(() => {
      if (!isSo()) return
      unsubscribe()
      resolve()
    })
  })
}

/** How many different verdicts the nodes that still hold a session went by. */
export function verdictsOf(nodes: readonly SwarmNode[], session: SessionId): number {
  const verdicts = nodes.flatMap((node) => {
    const adopted = node.sessionState(session)?.adopted
    return adopted ? [JSON.stringify(adopted.message.verdict)] : []
  })
  return new Set(verdicts).size
}
