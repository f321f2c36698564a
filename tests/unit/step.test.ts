import { describe, expect, test, vi } from 'vitest'
import { needsForSize } from '#core/session/draw.ts'
import type { Needs } from '#core/protocol/messages.ts'
import { strangers } from '#support/session-pair.ts'

vi.setConfig({ testTimeout: 60_000 })

describe('a session among strangers', () => {
  for (const size of [2, 3, 4, 5, 6, 7, 8]) {
    test(`STEP-1: ${size} nodes reach one verdict`, () => {
      const swarm = strangers(size)
      swarm.ask('a', '2+2', needsForSize(size) as Needs)
      const tookMs = swarm.untilEnded()
      expect(Object.values(swarm.outcomes())).toEqual(Array(size).fill('answered'))
      expect(new Set([...swarm.actors.keys()].map((name) => JSON.stringify(swarm.verdictOf(name)?.verdict))).size).toBe(
        1,
      )
      expect(tookMs).toBeLessThan(1100)
    })
  }
})
