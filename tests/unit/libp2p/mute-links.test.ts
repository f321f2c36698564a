import type { Connection } from '@libp2p/interface'
import { expect, it, vi } from 'vitest'
import { DEFAULT_LIMITS } from '#adapters/libp2p/limits.ts'
import { MuteLinks, type MuteLinksInit } from '#adapters/libp2p/mute-links.ts'
import { createSilentLogger } from '#support/system-ports.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

function setUp() {
  const clock = createVirtualClock()
  const logger = createSilentLogger()
  const streams = { streamsInbound: new Map<string, object>(), streamsOutbound: new Map<string, object>() }
  const connections: Connection[] = []
  const connect = (peer: string, limits?: object) => {
    const abort = vi.fn()
    connections.push({ remotePeer: peer, status: 'open', limits, abort } as unknown as Connection)
    return abort
  }
  const libp2p = { getConnections: () => connections, services: { gossip: streams } }
  const muteLinks = new MuteLinks({
    libp2p: libp2p as unknown as MuteLinksInit['libp2p'],
    clock,
    logger,
    limits: DEFAULT_LIMITS,
  })
  muteLinks.start()
  return { clock, logger, streams, connect, muteLinks }
}

it('closes a connection over which gossip flows in one direction only, at the second look', async () => {
  const { clock, logger, streams, connect } = setUp()
  const [sound, deaf, mute, relayed] = [connect('sound'), connect('deaf'), connect('mute'), connect('relayed', {})]
  for (const peer of ['sound', 'mute']) streams.streamsInbound.set(peer, {})
  for (const peer of ['sound', 'deaf']) streams.streamsOutbound.set(peer, {})
  await clock.advanceBy(DEFAULT_LIMITS.dialTimeoutMs)
  expect(deaf).not.toHaveBeenCalled()
  await clock.advanceBy(DEFAULT_LIMITS.dialTimeoutMs)
  expect(deaf).toHaveBeenCalledOnce()
  expect(mute).toHaveBeenCalledOnce()
  expect(sound).not.toHaveBeenCalled()
  expect(relayed).not.toHaveBeenCalled()
  expect(logger.counts()).toEqual({ 'link:mute': 2 })
})

it('leaves alone what has come to speak between two looks, and leaves no timer behind', async () => {
  const { clock, streams, connect, muteLinks } = setUp()
  const late = connect('late')
  await clock.advanceBy(DEFAULT_LIMITS.dialTimeoutMs)
  streams.streamsInbound.set('late', {})
  streams.streamsOutbound.set('late', {})
  await clock.advanceBy(2 * DEFAULT_LIMITS.dialTimeoutMs)
  expect(late).not.toHaveBeenCalled()
  muteLinks.stop()
  expect(clock.pending).toBe(0)
})
