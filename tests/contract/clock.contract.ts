import { describe, expect, it } from 'vitest'
import type { Clock } from '#ports/clock.ts'

export function clockContract(name: string, create: () => Clock): void {
  describe(`${name}: clock`, () => {
    const ring = (clock: Clock, delayMs: number) =>
      new Promise<number>((resolve) => clock.setTimer(clock.now() + delayMs, () => resolve(clock.now())))

    it('TIME-1: calls back once, at or after its time', async () => {
      const clock = create()
      const at = clock.now() + 20
      let calls = 0
      clock.setTimer(at, () => calls++)
      expect(await ring(clock, 20)).toBeGreaterThanOrEqual(at)
      await ring(clock, 20)
      expect(calls).toBe(1)
    })

    it('calls back in order of time, and at once for a time that is past', async () => {
      const clock = create()
      const order: string[] = []
      await Promise.all([
        ring(clock, 60).then(() => order.push('later')),
        ring(clock, 5).then(() => order.push('soon')),
        ring(clock, -1_000).then(() => order.push('past')),
      ])
      expect(order).toEqual(['past', 'soon', 'later'])
    })

    it('never calls back what was cancelled, nor from within setTimer', async () => {
      const clock = create()
      let calls = 0
      const cancel = clock.setTimer(clock.now() + 5, () => calls++)
      clock.setTimer(clock.now() - 5, () => calls++)()
      expect(calls).toBe(0)
      cancel()
      cancel()
      await ring(clock, 20)
      expect(calls).toBe(0)
    })

    it('keeps a timer beyond 31 bits of milliseconds waiting', async () => {
      const clock = create()
      let calls = 0
      const cancel = clock.setTimer(clock.now() + 2 ** 40, () => calls++)
      await ring(clock, 20)
      expect(calls).toBe(0)
      cancel()
    })

    it('never goes back, and knows the date', () => {
      const clock = create()
      const [one, other] = [clock.now(), clock.now()]
      expect(other).toBeGreaterThanOrEqual(one)
      expect(Math.abs(clock.wallTimeMs() - Date.now())).toBeLessThan(1_000)
    })
  })
}
