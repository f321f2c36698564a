import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { encodeEnvelope } from '#core/protocol/envelope.ts'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import type { Digest, NodeId, OperatorId, Signature } from '#core/protocol/ids.ts'
import { discoveryTopicOf, topicOf } from '#core/protocol/version.ts'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import {
  createClient,
  createPageDirectory,
  reserved,
  spawnRelay,
  type Client,
  type RelayProcess,
} from './relay-fixture.ts'

const MARKER = 'marker-of-a-prompt-7c1f'

let page: Awaited<ReturnType<typeof createPageDirectory>>
let relay: RelayProcess
let clients: Client[]

beforeEach(async () => {
  page = await createPageDirectory()
  relay = await spawnRelay([
    ...['--port', '0', '--host', '127.0.0.1', '--static', page.dist, '--identity', page.identity],
  ])
  clients = []
})

afterEach(async () => {
  await Promise.all(clients.map((client) => client.stop()))
  relay.child.kill()
  expect(await relay.exited).toBe(0)
  await page.remove()
})

async function client(): Promise<Client> {
  const { multiaddrs } = (await (await fetch(`http://127.0.0.1:${relay.port}/config.json`)).json()) as {
    multiaddrs: [string]
  }
  const created = await createClient(multiaddrs[0])
  clients.push(created)
  return created
}

/** A client that gossips on these topics, once the relay does so too. */
async function gossiper(...topics: string[]): Promise<{ client: Client; heard: string[]; next(): Promise<void> }> {
  const created = await client()
  const { pubsub } = created.services
  const heard: string[] = []
  let wake = () => {}
  pubsub.addEventListener('message', ({ detail }) => {
    heard.push(`${detail.topic} ${Buffer.from(detail.data).toString('latin1')}`)
    wake()
  })
  const grafted = Promise.all(
    topics.map(
      (topic) =>
        new Promise<void>((resolve) => {
          pubsub.addEventListener('gossipsub:graft', ({ detail }) => {
            if (detail.topic === topic) resolve()
          })
        }),
    ),
  )
  for (const topic of topics) pubsub.subscribe(topic)
  await grafted
  return { client: created, heard, next: () => new Promise((resolve) => (wake = resolve)) }
}

const keys = generateKeyPairSync('ed25519')
const node = Buffer.from(String(keys.publicKey.export({ format: 'jwk' }).x), 'base64url').toString('hex') as NodeId

/** A valid `node-advertised`, whose model name is the marker. */
function envelope(network: string, sequence: number, key: KeyObject = keys.privateKey): Uint8Array {
  const message = {
    type: 'node-advertised' as const,
    certificate: { operator: node as string as OperatorId, signature: '00'.repeat(64) as Signature },
    engines: [
      {
        modelDigest: '11'.repeat(32) as Digest,
        modelName: MARKER,
        engineClass: 'test',
        tier: 0,
        contextTokens: 1024,
        prefillTokensPerSecond: 1,
        decodeTokensPerSecond: 1,
        judgeTokensPerSecond: 1,
      },
    ],
    visibility: 'visible' as const,
    executes: true,
    verifies: true,
    freeSlots: 1,
    expiresInMs: 1000,
  }
  const { signedBytes, complete } = encodeEnvelope({ message, sequence, grants: [] }, node, network, () => {
    throw new Error('nothing to seal')
  })
  return complete(sign(null, signedBytes, key).toString('hex') as Signature)
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${relay.port}/metrics`)).text()
  const line = text.split('\n').find((candidate) => candidate.startsWith(`tabswarm_relay_${name} `))
  return line === undefined ? 0 : Number(line.split(' ').at(-1))
}

describe('circuit relay', () => {
  it('lets two nodes that hold a reservation reach each other, and counts what they send', async () => {
    const [caller, callee] = [await client(), await client()]
    const address = await reserved(callee)
    const received = new Promise<string>((resolve) => {
      void callee.handle(
        '/echo',
        async (stream) => {
          for await (const chunk of stream) resolve(Buffer.from(chunk.subarray()).toString())
        },
        { runOnLimitedConnection: true },
      )
    })
    const stream = await caller.dialProtocol(multiaddr(address), '/echo', { runOnLimitedConnection: true })
    stream.send(Buffer.from('hello through the relay'))
    expect(await received).toBe('hello through the relay')
    const [connection] = caller.getConnections(callee.peerId)
    expect(connection?.limits?.bytes).toBeGreaterThan(100n * 1024n * 1024n)
    expect(await metric('reservations')).toBe(2)
    expect(await metric('relayed_connections_total')).toBe(1)
    expect(await metric('relayed_bytes_total')).toBeGreaterThan(100)
  })

  it('forgets the reservation of a node that left', async () => {
    const [first, second] = [await client(), await client()]
    await Promise.all([reserved(first), reserved(second)])
    expect(await metric('reservations')).toBe(2)
    const left = new Promise((resolve) => second.addEventListener('peer:disconnect', resolve))
    await second.hangUp(peerIdFromString(relay.peerId))
    await left
    await expect.poll(() => metric('reservations')).toBe(1)
  })
})

describe('gossip', () => {
  it('passes valid messages on between nodes without a link, and drops the rest', async () => {
    const topic = topicOf('main')
    const [alice, bob] = [await gossiper(topic), await gossiper(topic)]
    const { pubsub } = alice.client.services
    const stranger = generateKeyPairSync('ed25519').privateKey
    await pubsub.publish(topic, Buffer.from('garbage'))
    await pubsub.publish(topic, new Uint8Array(MAX_FRAME_BYTES + 1))
    await pubsub.publish(topic, envelope('main', 1, stranger))
    await pubsub.publish(topic, envelope('other', 2))
    const heard = bob.next()
    await pubsub.publish(topic, envelope('main', 3))
    await heard
    expect(bob.heard).toHaveLength(1)
    expect(await metric('gossip_messages_total{kind="message",finding="valid"}')).toBe(1)
    const found = (finding: string) => metric(`gossip_messages_total{kind="message",finding="${finding}"}`)
    expect(await Promise.all(['undecodable', 'oversized', 'forged'].map(found))).toEqual([1, 1, 2])
  })

  it('stops listening to who keeps sending garbage, and to nobody else', async () => {
    const topic = topicOf('main')
    const [mallory, alice, bob] = [await gossiper(topic), await gossiper(topic), await gossiper(topic)]
    const rejected = () => metric('gossip_messages_total{kind="message",finding="undecodable"}')
    let sent = 0
    // Standing is looked up at most once a second, so some garbage is still read after the ninth.
    await expect
      .poll(
        async () => {
          await mallory.client.services.pubsub.publish(topic, Buffer.from(`garbage ${sent++}`))
          return sent - (await rejected())
        },
        { timeout: 60_000, interval: 100 },
      )
      .toBeGreaterThan(5)
    await mallory.client.services.pubsub.publish(topic, envelope('main', 1))
    const heard = bob.next()
    await alice.client.services.pubsub.publish(topic, envelope('main', 2))
    await heard
    expect(bob.heard).toHaveLength(1)
  })

  it('never passes between networks of different names', async () => {
    const topicsOf = (network: string) => [topicOf(network), discoveryTopicOf(network)]
    const [mainAlice, mainBob] = [await gossiper(...topicsOf('main')), await gossiper(...topicsOf('main'))]
    const [labAlice, labBob] = [await gossiper(...topicsOf('lab')), await gossiper(...topicsOf('lab'))]
    const heard = [mainBob.next(), labBob.next()]
    await mainAlice.client.services.pubsub.publish(discoveryTopicOf('main'), Buffer.from('main peer'))
    await labAlice.client.services.pubsub.publish(discoveryTopicOf('lab'), Buffer.from('lab peer'))
    await Promise.all(heard)
    expect(mainBob.heard).toEqual([`${discoveryTopicOf('main')} main peer`])
    expect(labBob.heard).toEqual([`${discoveryTopicOf('lab')} lab peer`])
    expect(await metric('networks')).toBe(2)
  })

  it('leaves no text in logs and metrics', async () => {
    const topic = topicOf('main')
    const [alice, bob] = [await gossiper(topic, discoveryTopicOf('main')), await gossiper(topic)]
    const heard = bob.next()
    await alice.client.services.pubsub.publish(discoveryTopicOf('main'), Buffer.from(MARKER))
    await alice.client.services.pubsub.publish(topic, Buffer.from(`rejected ${MARKER}`))
    await alice.client.services.pubsub.publish(topic, envelope('main', 1))
    await heard
    expect(bob.heard.join()).toContain(MARKER)
    await fetch(`http://127.0.0.1:${relay.port}/${MARKER}?q=${MARKER}`)
    const metrics = await (await fetch(`http://127.0.0.1:${relay.port}/metrics`)).text()
    expect(metrics).toContain('tabswarm_relay_gossip_messages_total')
    expect(metrics).not.toContain(MARKER)
    expect(relay.output()).not.toContain(MARKER)
  })
})
