import '#relay/node20.ts'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readFile, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import { noise } from '@libp2p/noise'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2p } from 'libp2p'

/**
 * What a reservation costs the relay: memory and processor time of a relay process of its own, before and after so
 * many nodes hold one. `npm run bench:relay -- --nodes 200`.
 */
const { values } = parseArgs({ options: { nodes: { type: 'string', default: '200' } } })
const wanted = Number(values.nodes)

/** Nodes that connect at a time, so that the bench's own handshakes do not time out on a slow machine. */
const AT_A_TIME = 8

const TICKS_PER_SECOND = 100

const directory = await mkdtemp(join(tmpdir(), 'tabswarm-bench-'))
const relay = spawn(
  process.execPath,
  [
    ...['--import', 'tsx', 'relay/main.ts', '--port', '0', '--host', '127.0.0.1'],
    ...['--identity', join(directory, 'relay.key'), '--connections-per-address', '100000'],
    ...['--new-connections-per-minute', '1000000', '--max-reservations', '100000', '--max-connections', '100000'],
  ],
  { stdio: ['ignore', 'pipe', 'ignore'] },
)
const nodes: Libp2p[] = []
try {
  const { port, peerId } = await listening(relay)
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${port}/ws/p2p/${peerId}`)
  const before = await usage(relay)
  const startedAtMs = performance.now()
  while (nodes.length < wanted) {
    const batch = Math.min(AT_A_TIME, wanted - nodes.length)
    nodes.push(...(await Promise.all(Array.from({ length: batch }, () => reserve(address.toString())))))
  }
  const tookMs = performance.now() - startedAtMs
  const after = await usage(relay)
  const held = await reservations(port)
  print('reservations held', `${held} of ${wanted}`)
  print('time to reserve them all', `${(tookMs / 1000).toFixed(1)} s`)
  print('memory of the relay', `${before.mebibytes.toFixed(0)} -> ${after.mebibytes.toFixed(0)} MiB`)
  print('memory a reservation', `${(((after.mebibytes - before.mebibytes) * 1024) / held).toFixed(0)} KiB`)
  print('processor time a reservation', `${(((after.cpuS - before.cpuS) * 1000) / held).toFixed(1)} ms`)
} finally {
  await Promise.all(nodes.map((node) => node.stop()))
  relay.kill()
  await once(relay, 'close')
  await rm(directory, { recursive: true })
}

async function listening(child: ChildProcess): Promise<{ port: number; peerId: string }> {
  let output = ''
  for await (const chunk of child.stdout ?? []) {
    output += String(chunk)
    const line = /^listening (\{.*\})$/m.exec(output)?.[1]
    if (line) return JSON.parse(line) as { port: number; peerId: string }
  }
  throw new Error('the relay did not start')
}

async function reserve(address: string): Promise<Libp2p> {
  const node = await createLibp2p({
    addresses: { listen: [`${address}/p2p-circuit`] },
    transports: [webSockets(), circuitRelayTransport({ reservationCompletionTimeout: 60_000 })],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify() },
  })
  return node
}

/** Linux only: resident memory and processor time from /proc. */
async function usage(child: ChildProcess): Promise<{ mebibytes: number; cpuS: number }> {
  const [status, stat] = await Promise.all(
    ['status', 'stat'].map((file) => readFile(`/proc/${child.pid}/${file}`, 'utf8')),
  )
  const kibibytes = Number(/^VmRSS:\s+(\d+)/m.exec(status ?? '')?.[1])
  // Fields 14 and 15 of proc(5), counted behind the program's name, which may hold spaces.
  const fields = (stat ?? '').slice((stat ?? '').lastIndexOf(')') + 2).split(' ')
  return { mebibytes: kibibytes / 1024, cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND }
}

async function reservations(port: number): Promise<number> {
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  return Number(/^tabswarm_relay_reservations (\d+)$/m.exec(metrics)?.[1])
}

function print(what: string, value: string): void {
  process.stdout.write(`${what.padEnd(32)}${value}\n`)
}
