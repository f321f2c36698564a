import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import { FrameTooLargeError, StreamClosedError, UnreachableError, type FrameStream, type Mesh } from '#ports/mesh.ts'

/** What a suite needs of an implementation: nodes of one network, and time that passes. */
export interface MeshHarness {
  /** Joins a new node; not started. */
  join(): Promise<Mesh>
  /** A frame that validators of this network's relay, if there is one, accept; each call gives another. */
  frame(from: Mesh): Uint8Array
  /** Resolves when the condition holds; rejects after a fair time. */
  until(condition: () => boolean): Promise<void>
  /** Lets happen what does not depend on a condition. */
  settle<T>(promise: Promise<T>): Promise<T>
  /** False where a reset can be lost with the channel that carries it; then the reader sees an end. */
  readonly deliversResets: boolean
  dispose(): Promise<void>
}

const PROTOCOL = '/tabswarm/3/fetch'
const STRANGER = 'ab'.repeat(32) as NodeId

export function describeMesh(name: string, createHarness: () => Promise<MeshHarness>): void {
  describe(name, () => {
    let harness: MeshHarness
    let meshes: Mesh[]

    beforeEach(async () => {
      harness = await createHarness()
      meshes = []
    })
    afterEach(async () => {
      await Promise.all(meshes.map((mesh) => mesh.stop()))
      await harness.dispose()
    })

    async function join(): Promise<{ mesh: Mesh; delivered: Uint8Array[] }> {
      const mesh = await harness.join()
      meshes.push(mesh)
      const delivered: Uint8Array[] = []
      mesh.subscribe(
        async () => 'accept',
        (frame) => delivered.push(frame),
      )
      return { mesh, delivered }
    }

    async function joinLinked(count: number) {
      const nodes = await Promise.all(Array.from({ length: count }, join))
      await Promise.all(nodes.map(({ mesh }) => mesh.start()))
      await harness.until(() => nodes.every(({ mesh }) => mesh.state().links.length === count - 1))
      return nodes as [Awaited<ReturnType<typeof join>>, ...Awaited<ReturnType<typeof join>>[]]
    }

    /** Two linked nodes, the second serving `handler`. */
    async function joinServed(handler: (stream: FrameStream) => Promise<void>, maxFrameBytes = 1 << 16) {
      const [client, server] = await Promise.all([join(), join()])
      server.mesh.handle(PROTOCOL, maxFrameBytes, handler)
      await Promise.all([client.mesh.start(), server.mesh.start()])
      await harness.until(() => client.mesh.state().links.length === 1)
      return { client: client.mesh, server: server.mesh }
    }

    it('a lonely node is a working node', async () => {
      const { mesh, delivered } = await join()
      expect(mesh.state()).toEqual({ phase: 'offline', relay: 'lost', links: [] })
      await harness.settle(mesh.start())
      await mesh.publish(harness.frame(mesh))
      expect(mesh.state().phase).not.toBe('offline')
      expect(mesh.state().links).toEqual([])
      expect(delivered).toEqual([])
    })

    it('says which links are up, and stops saying so when asked', async () => {
      const { mesh } = await join()
      let changes = 0
      let ignored = 0
      mesh.onStateChange(() => changes++)
      mesh.onStateChange(() => ignored++)()
      const other = await join()
      await Promise.all([mesh.start(), other.mesh.start()])
      await harness.until(() => mesh.state().links.length === 1)
      expect(mesh.state().phase).toBe('connected')
      expect(mesh.state().links[0]?.node).toBe(other.mesh.self)
      expect(changes).toBeGreaterThan(0)
      expect(ignored).toBe(0)
    })

    it('delivers a frame to every other node once, and not to its publisher', async () => {
      const [sender, ...others] = await joinLinked(4)
      const frame = harness.frame(sender.mesh)
      expect(await sender.mesh.publish(frame)).toBeGreaterThan(0)
      await harness.until(() => others.every(({ delivered }) => delivered.length > 0))
      const second = harness.frame(sender.mesh)
      await sender.mesh.publish(second)
      await harness.until(() => others.every(({ delivered }) => delivered.length > 1))
      for (const { delivered } of others) {
        expect(delivered).toHaveLength(2)
        expect(delivered).toContainEqual(frame)
        expect(delivered).toContainEqual(second)
      }
      expect(sender.delivered).toEqual([])
    })

    it('delivers only what the validator accepted', async () => {
      const { mesh: sender } = await join()
      const receiver = await harness.join()
      meshes.push(receiver)
      const words = ['ignore', 'reject', 'accept'] as const
      const seen: Uint8Array[] = []
      const forwarders: NodeId[] = []
      const delivered: Uint8Array[] = []
      receiver.subscribe(
        async (frame, forwarder) => {
          forwarders.push(forwarder)
          return words[seen.push(frame) - 1] ?? 'accept'
        },
        (frame) => delivered.push(frame),
      )
      await Promise.all([sender.start(), receiver.start()])
      await harness.until(() => sender.state().links.length === 1 && receiver.state().links.length === 1)
      for (const [index] of words.entries()) {
        await sender.publish(harness.frame(sender))
        await harness.until(() => seen.length === index + 1)
      }
      await harness.until(() => delivered.length === 1)
      expect(delivered[0]).toEqual(seen[2])
      expect(forwarders.every((node) => /^[0-9a-f]{64}$/.test(node))).toBe(true)
    })

    it('refuses to publish more than a frame may hold', async () => {
      const { mesh } = await join()
      await harness.settle(mesh.start())
      await expect(mesh.publish(new Uint8Array(MAX_FRAME_BYTES + 1))).rejects.toThrow(FrameTooLargeError)
    })

    it('carries frames both ways, in order, and lets each side close by itself', async () => {
      const { client, server } = await joinServed(async (stream) => {
        const frames: Uint8Array[] = []
        for await (const frame of stream.frames) frames.push(frame)
        // The other half is closed; this one still speaks.
        for (const frame of frames.reverse()) await stream.send(frame)
        await stream.close()
      })
      const stream = await harness.settle(client.open(server.self, PROTOCOL, 1 << 16))
      expect(stream.remote).toBe(server.self)
      const sent = Array.from({ length: 60 }, (_, index) => new Uint8Array(index * 100).fill(index))
      const exchange = async () => {
        for (const frame of sent) await stream.send(frame)
        await stream.close()
        const received: Uint8Array[] = []
        for await (const frame of stream.frames) received.push(frame)
        return received
      }
      expect(await harness.settle(exchange())).toEqual(sent.reverse())
    })

    it('lets a stream be read to its end long after the other side closed it', async () => {
      const answer = Array.from({ length: 20 }, (_, index) => new Uint8Array(500).fill(index))
      let answered = false
      const { client, server } = await joinServed(async (stream) => {
        // As one answers a request: without waiting for anything more, and in one go.
        for await (const frame of stream.frames) {
          await Promise.all(answer.map((each) => stream.send(each)))
          if (frame.byteLength > 0) break
        }
        await stream.close()
        answered = true
      })
      const stream = await harness.settle(client.open(server.self, PROTOCOL, 1 << 16))
      await stream.send(new Uint8Array(1))
      await harness.settle(stream.close())
      await harness.until(() => answered)
      const read = async () => {
        const received: Uint8Array[] = []
        for await (const frame of stream.frames) received.push(frame)
        return received
      }
      expect(await harness.settle(read())).toEqual(answer)
    })

    it('refuses frames beyond the maximum of either side', async () => {
      let failure: unknown
      const { client, server } = await joinServed(async (stream) => {
        try {
          for await (const frame of stream.frames) void frame
        } catch (error) {
          failure = error
        }
      }, 100)
      const stream = await harness.settle(client.open(server.self, PROTOCOL, 1000))
      await expect(stream.send(new Uint8Array(1001))).rejects.toThrow(FrameTooLargeError)
      await stream.send(new Uint8Array(100))
      await stream.send(new Uint8Array(101))
      await harness.until(() => failure !== undefined)
      expect(failure).toBeInstanceOf(FrameTooLargeError)
    })

    it('ends the reader of a stream that was aborted', async () => {
      let failure: unknown = null
      let isOver = false
      let opened = false
      const { client, server } = await joinServed(async (stream) => {
        try {
          for await (const frame of stream.frames) opened = frame.byteLength > 0
        } catch (error) {
          failure = error
        } finally {
          isOver = true
        }
      })
      const stream = await harness.settle(client.open(server.self, PROTOCOL, 1000))
      await stream.send(new Uint8Array(1))
      await harness.until(() => opened)
      stream.abort(new Error('no longer wanted'))
      await harness.until(() => isOver)
      if (harness.deliversResets || failure !== null) expect(failure).toBeInstanceOf(StreamClosedError)
      await expect(stream.send(new Uint8Array(1))).rejects.toThrow(StreamClosedError)
    })

    it('says so when a node or a protocol cannot be reached', async () => {
      const { client, server } = await joinServed(async (stream) => stream.close())
      await expect(harness.settle(client.open(STRANGER, PROTOCOL, 100))).rejects.toThrow(UnreachableError)
      await expect(harness.settle(client.open(server.self, '/tabswarm/3/none', 100))).rejects.toThrow(UnreachableError)
      const reason = new Error('changed its mind')
      await expect(client.open(server.self, PROTOCOL, 100, AbortSignal.abort(reason))).rejects.toBe(reason)
    })

    it('is offline after it stopped, and says nothing more', async () => {
      const [first, second] = await joinLinked(2)
      await harness.settle(first.mesh.stop())
      expect(first.mesh.state()).toEqual({ phase: 'offline', relay: 'lost', links: [] })
      expect(await first.mesh.publish(harness.frame(first.mesh))).toBe(0)
      expect(second?.delivered).toEqual([])
    })

    it('goes on after being woken', async () => {
      const [first, second] = await joinLinked(2)
      first.mesh.wake()
      await first.mesh.publish(harness.frame(first.mesh))
      await harness.until(() => second?.delivered.length === 1)
    })
  })
}
