import { createMemoryLocks } from '#adapters/locks/memory-locks.ts'
import type { Locks } from '#ports/locks.ts'

/** One tab's view of its profile's locks. */
export interface FakeTabLocks extends Locks {
  /** The tab goes away: the browser releases all that it holds. */
  closeTab(): void
}

/** The locks of one browser profile; each call of the result opens a tab of it. */
export function createFakeProfileLocks(): () => FakeTabLocks {
  const profile = createMemoryLocks()
  return () => {
    const held = new Set<() => void>()
    const closing = new AbortController()

    function hold(release: () => void): () => void {
      held.add(release)
      return () => {
        held.delete(release)
        release()
      }
    }

    return {
      shared: true,
      async tryAcquire(name) {
        const release = await profile.tryAcquire(name)
        return release && hold(release)
      },
      async acquire(name, signal) {
        const either = AbortSignal.any([closing.signal, ...(signal ? [signal] : [])])
        return hold(await profile.acquire(name, either))
      },
      closeTab() {
        closing.abort()
        for (const release of held) release()
        held.clear()
      },
    }
  }
}
