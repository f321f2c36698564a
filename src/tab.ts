import * as v from 'valibot'
import { createClock } from '#adapters/clock/create-clock.ts'
import { createCrypto, createRandom } from '#adapters/crypto/create-crypto.ts'
import { createBrowserDevice } from '#adapters/device/create-browser-device.ts'
import { createLoadMark, openProfileStorage } from '#adapters/device/load-mark.ts'
import { fetchCatalogue } from '#adapters/engine/catalogue.ts'
import { GGUF_MODELS } from '#adapters/engine/gguf-catalogue.ts'
import { createGgufShelf } from '#adapters/engine/gguf-shelf.ts'
import { GgufStore } from '#adapters/engine/gguf-store.ts'
import type { GgufWorkerName } from '#adapters/engine/gguf-worker.ts'
import { createGpu } from '#adapters/engine/gpu.ts'
import { engineWorker } from '#adapters/engine/inference-worker.ts'
import { OneEngine, oneShelf, type KindOfModels } from '#adapters/engine/kinds-of-models.ts'
import { WEBLLM_MODELS } from '#adapters/engine/webllm-catalogue.ts'
import { createWebLlmShelf } from '#adapters/engine/webllm-shelf.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import { createKeyStore, openTabMemory } from '#adapters/idb/create-key-store.ts'
import { createStore } from '#adapters/idb/create-store.ts'
import { createLibp2pMesh } from '#adapters/libp2p/mesh.ts'
import { createLocks } from '#adapters/locks/create-locks.ts'
import { createLogger } from '#adapters/log/create-logger.ts'
import type { ModelFamily, SwarmFacade } from '#shell/facade.ts'
import { SwarmNode } from '#shell/swarm-node.ts'
import { createPageObject, type PageObject } from './page-object.ts'

declare global {
  interface Window {
    tabswarm?: PageObject
  }
}

const DATABASE = 'tabswarm'

/** Peers of earlier visits that are dialled at once; more would only compete for the first links. */
const WARM_PEERS = 8

const Config = v.object({
  multiaddrs: v.array(v.string()),
  network: v.pipe(v.string(), v.regex(/^[a-z0-9-]{1,64}$/)),
  iceServers: v.array(
    v.object({
      urls: v.union([v.string(), v.array(v.string())]),
      username: v.optional(v.string()),
      credential: v.optional(v.string()),
    }),
  ),
})
type Config = v.InferOutput<typeof Config>

/** A page that cannot learn where the relay is still answers by itself, as `main`. */
const LONELY: Config = { multiaddrs: [], network: 'main', iceServers: [] }

/** The tab's composition root: chooses the adapters, starts the node, and shows it as `window.tabswarm`. */
export async function startTab(): Promise<SwarmFacade> {
  const print = new URLSearchParams(location.search).has('debug') ? ('debug' as const) : undefined
  const logger = createLogger(print ? { print } : {})
  const crypto = createCrypto()
  const random = createRandom()
  const locks = createLocks(navigator.locks as LockManager | undefined)
  const clock = createClock({
    startWorker: () => new Worker(new URL('./workers/clock.worker.ts', import.meta.url), { type: 'module' }),
  })
  const [config, store, family] = await Promise.all([
    readConfig(),
    createStore({ name: DATABASE, logger }),
    readFamily(),
  ])
  const device = createBrowserDevice(window)
  const keys = createKeyStore({
    name: DATABASE,
    crypto,
    random,
    locks,
    logger,
    tabMemory: openTabMemory(),
    onLeave: device.onLeave,
    onReturn: device.onReturn,
  })
  const identity = await keys.claim()
  const network = new URLSearchParams(location.search).get('network') ?? config.network
  const knownPeers = (await store.peers.list(WARM_PEERS)).map((peer) => peer.node)
  const mesh = await createLibp2pMesh({
    privateKey: identity.privateKey,
    network,
    relays: config.multiaddrs,
    refreshRelays: async () => (await readConfig()).multiaddrs,
    iceServers: config.iceServers as RTCIceServer[],
    knownPeers: knownPeers.filter((node) => node !== identity.node),
    logger,
    clock,
  })
  const node = await SwarmNode.start({
    identity,
    network,
    mesh,
    engine: new WorkerEngine(() =>
      engineWorker(new Worker(new URL('./workers/inference.worker.ts', import.meta.url), { type: 'module' })),
    ),
    store,
    crypto,
    clock,
    random,
    device,
    logger,
    family,
    largerModels: {
      ...createLargerModels(),
      locks,
      mark: createLoadMark({ storage: openProfileStorage(), onLeave: device.onLeave }),
    },
    chooseModel: (served) => leastServed(family?.members.map(({ id }) => id) ?? [], served, identity.slot),
  })
  window.tabswarm = createPageObject(node)
  return node
}

/** A long prompt's prefill on a slow device cannot be cut short, and ending its worker would cost a whole load. */
const LARGER_ABORT_GRACE_MS = 30_000

const webLlmWorker = (name: 'engine' | 'downloads') =>
  engineWorker(new Worker(new URL('./workers/webllm.worker.ts', import.meta.url), { type: 'module', name }))

const ggufWorker = (name: GgufWorkerName) =>
  engineWorker(new Worker(new URL('./workers/gguf.worker.ts', import.meta.url), { type: 'module', name }))

/** Models for the graphics device first: where there is one, they are quicker by far. */
function createLargerModels() {
  const storage = navigator.storage as StorageManager | undefined
  const memoryGib = (navigator as { deviceMemory?: number }).deviceMemory
  const kinds: KindOfModels[] = [
    {
      ids: new Set(WEBLLM_MODELS.map(({ id }) => id)),
      shelf: createWebLlmShelf({
        gpu: createGpu(navigator.gpu as GPU | undefined),
        caches: window.caches as CacheStorage | undefined,
        storage,
        memoryGib,
        spawn: () => webLlmWorker('downloads'),
      }),
      engine: new WorkerEngine(() => webLlmWorker('engine'), LARGER_ABORT_GRACE_MS),
    },
    {
      ids: new Set(GGUF_MODELS.map(({ id }) => id)),
      shelf: createGgufShelf({
        models: GGUF_MODELS,
        store: storage ? new GgufStore(() => storage.getDirectory()) : null,
        storage,
        memoryGib,
        spawn: () => ggufWorker('downloads'),
      }),
      engine: new WorkerEngine(() => ggufWorker('engine'), LARGER_ABORT_GRACE_MS),
    },
  ]
  return { shelf: oneShelf(kinds), engine: new OneEngine(kinds) }
}

async function readFamily(): Promise<ModelFamily | null> {
  try {
    const { family, members, questions } = await fetchCatalogue('/models/')
    return { name: family, members: members.map(({ id, kind, summary }) => ({ id, kind, summary })), questions }
  } catch {
    // The engine reads the catalogue itself, and says what is wrong with it.
    return null
  }
}

/** The member that the swarm has least of; among equals, tabs of one profile take different ones. */
function leastServed(members: readonly string[], served: Readonly<Record<string, number>>, slot: number): string {
  const rotated = members.map((_, i) => members[(i + slot) % members.length] ?? '')
  return [...rotated].sort((a, b) => (served[a] ?? 0) - (served[b] ?? 0))[0] ?? ''
}

async function readConfig(): Promise<Config> {
  try {
    const parsed = v.safeParse(Config, await (await fetch('/config.json')).json())
    return parsed.success ? parsed.output : LONELY
  } catch {
    return LONELY
  }
}
