import '#relay/node20.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gossipsub, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { sha256 } from '@noble/hashes/sha2.js'
import { createLibp2p, type Libp2p } from 'libp2p'

/** A relay as people run it: a process of its own. */
export interface RelayProcess {
  readonly port: number
  readonly peerId: string
  readonly child: ChildProcess
  /** Everything it has written so far. */
  output(): string
  /** Resolves to the exit code; null when a signal ended it. */
  readonly exited: Promise<number | null>
}

/** Runs the relay and resolves once it listens. Rejects with its output when it exits before. */
export async function spawnRelay(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<RelayProcess> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'relay/main.ts', ...args], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  const exited = new Promise<number | null>((resolve) => child.once('close', resolve))
  const listening = new Promise<{ port: number; peerId: string }>((resolve) => {
    const onData = (chunk: Buffer) => {
      output += chunk.toString()
      const line = /^listening (\{.*\})$/m.exec(output)?.[1]
      if (line) resolve(JSON.parse(line) as { port: number; peerId: string })
    }
    child.stdout.on('data', onData)
    child.stderr.on('data', onData)
  })
  const early = exited.then((code) => Promise.reject(new Error(`relay exited with ${code}: ${output}`)))
  const { port, peerId } = await Promise.race([listening, early])
  early.catch(() => {})
  return { port, peerId, child, output: () => output, exited }
}

/** A directory with a built page of a few files, and room for a key. */
export async function createPageDirectory() {
  const root = await mkdtemp(join(tmpdir(), 'tabswarm-relay-'))
  const dist = join(root, 'dist')
  await mkdir(join(dist, 'assets'), { recursive: true })
  await mkdir(join(dist, 'models'))
  const files: Record<string, string | Uint8Array> = {
    'index.html': '<!doctype html><title>page</title>',
    'sw.js': 'self.skipWaiting()',
    'manifest.webmanifest': '{}',
    'assets/index-Ab12Cd34.js': `console.log(${JSON.stringify('x'.repeat(4000))})`,
    'assets/engine-Ab12Cd34.wasm': new Uint8Array(2048),
    'models/tiny-0123456789ab.gguf': Uint8Array.from({ length: 1000 }, (_, index) => index % 256),
    'models/plain.gguf': new Uint8Array(10),
  }
  await Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(dist, name), content)))
  await writeFile(join(root, 'secret.txt'), 'outside of the page')
  return { root, dist, identity: join(root, 'keys', 'relay.key'), remove: () => rm(root, { recursive: true }) }
}

export type Client = Libp2p<{ pubsub: GossipSub }>

/** A tab's libp2p in Node, without WebRTC: what it reaches, it reaches through the relay. */
export async function createClient(relayAddress: string): Promise<Client> {
  const client: Client = await createLibp2p({
    addresses: { listen: ['/p2p-circuit'] },
    transports: [webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: {
      identify: identify(),
      pubsub: gossipsub({
        globalSignaturePolicy: 'StrictNoSign',
        msgIdFn: (message) => sha256(message.data),
        allowPublishToZeroTopicPeers: true,
        scoreParams: { IPColocationFactorWeight: 0 },
      }),
    },
  })
  await client.dial(multiaddr(relayAddress))
  return client
}

/** Resolves once the client holds a reservation. */
export async function reserved(client: Client): Promise<string> {
  const circuit = () => client.getMultiaddrs().find((address) => address.toString().includes('/p2p-circuit'))
  return new Promise((resolve) => {
    const look = () => {
      const address = circuit()
      if (!address) return
      client.removeEventListener('self:peer:update', look)
      resolve(address.toString())
    }
    client.addEventListener('self:peer:update', look)
    look()
  })
}
