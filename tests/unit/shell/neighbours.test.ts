import { beforeEach, expect, test } from 'vitest'
import type { NodeId } from '#core/protocol/ids.ts'
import { UnreachableError, type Link, type MeshState } from '#ports/mesh.ts'
import { Neighbours, type NeighboursInit } from '#shell/neighbours.ts'
import { createFakeStore } from '#support/fake-store.ts'
import { createSilentLogger } from '#support/system-ports.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const nodeOf = (index: number) => index.toString(16).padStart(64, '0') as NodeId

let asked: NodeId[]
let known: Set<NodeId>
let links: Link[]
let neighbours: Neighbours

beforeEach(() => {
  asked = []
  known = new Set()
  links = []
  const mesh = {
    self: nodeOf(0),
    handle: () => undefined,
    state: () => stateNow(),
    open(node: NodeId) {
      asked.push(node)
      return Promise.reject(new UnreachableError('not in this test'))
    },
  }
  neighbours = new Neighbours({
    mesh: mesh as unknown as NeighboursInit['mesh'],
    clock: createVirtualClock(),
    logger: createSilentLogger(),
    store: createFakeStore(),
    gatekeeper: {} as NeighboursInit['gatekeeper'],
    presence: { has: (node: NodeId) => known.has(node), announce: () => undefined, frames: [] } as never,
    stopping: new AbortController().signal,
    sessions: () => [],
    deliver: () => undefined,
    onLost: () => undefined,
  })
})

const stateNow = (): MeshState => ({ phase: 'connected', relay: 'connected', links: [...links] })

const gain = (index: number, kind: Link['kind'] = 'direct') => {
  links.push({ node: nodeOf(index), kind, roundTripMs: null })
  neighbours.linksChanged(stateNow())
}

test('PRES-4: a newcomer asks its first six direct neighbours though it knows them, later ones only if it does not', () => {
  for (let index = 1; index <= 20; index++) known.add(nodeOf(index))
  for (let index = 1; index <= 10; index++) gain(index)
  expect(asked).toEqual([1, 2, 3, 4, 5, 6].map(nodeOf))
  gain(30)
  expect(asked.slice(6)).toEqual([nodeOf(30)])
  // Whoever lost all its links is a newcomer once more.
  links = []
  neighbours.linksChanged(stateNow())
  asked = []
  gain(11)
  expect(asked).toEqual([nodeOf(11)])
})

test('PRES-4: of neighbours gained at once three are asked, and none over the relay that is known', () => {
  for (let index = 1; index <= 20; index++) known.add(nodeOf(index))
  links = [1, 2, 3, 4, 5].map((index) => ({ node: nodeOf(index), kind: 'direct', roundTripMs: null }))
  neighbours.linksChanged(stateNow())
  expect(asked).toEqual([1, 2, 3].map(nodeOf))
  gain(6, 'relayed')
  expect(asked).toHaveLength(3)
})
