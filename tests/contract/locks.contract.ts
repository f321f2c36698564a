import { describe, expect, it } from 'vitest'
import type { Locks } from '#ports/locks.ts'

/** `createTabs` gives a fresh profile's locks as two tabs see them. */
export function locksContract(name: string, createTabs: () => readonly [Locks, Locks]): void {
  describe(`${name}: locks`, () => {
    it('has one holder at a time, by name', async () => {
      const [one, other] = createTabs()
      const release = await one.tryAcquire('a')
      expect(release).toBeTypeOf('function')
      expect(await other.tryAcquire('a')).toBeNull()
      expect(await one.tryAcquire('a')).toBeNull()
      const otherName = await other.tryAcquire('b')
      expect(otherName).toBeTypeOf('function')
      release?.()
      const again = await other.acquire('a')
      again()
      otherName?.()
    })

    it('lets those who wait have it one after another', async () => {
      const [one, other] = createTabs()
      const release = await one.acquire('a')
      const order: string[] = []
      const waiting = [one, other, one].map(async (tab, index) => {
        const done = await tab.acquire('a')
        order.push(`${index} in`)
        await Promise.resolve()
        order.push(`${index} out`)
        done()
      })
      expect(order).toEqual([])
      release()
      await Promise.all(waiting)
      expect(order).toEqual(['0 in', '0 out', '1 in', '1 out', '2 in', '2 out'])
    })

    it('does not mind a release that comes twice', async () => {
      const [one, other] = createTabs()
      const release = await one.acquire('a')
      release()
      const held = await other.acquire('a')
      release()
      expect(await one.tryAcquire('a')).toBeNull()
      held()
    })

    it("rejects with the signal's reason, and takes nothing", async () => {
      const [one, other] = createTabs()
      const release = await one.acquire('a')
      const stop = new AbortController()
      const reason = new Error('no longer needed')
      const waiting = other.acquire('a', stop.signal)
      stop.abort(reason)
      await expect(waiting).rejects.toBe(reason)
      await expect(other.acquire('b', AbortSignal.abort(reason))).rejects.toBe(reason)
      release()
      const [a, b] = await Promise.all([one.acquire('a'), one.acquire('b')])
      a()
      b()
    })
  })
}
