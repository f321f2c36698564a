import type { Locks } from '#ports/locks.ts'

/** Locks among those who share this object. */
export function createMemoryLocks(): Locks {
  /** By name of a held lock: who waits for it, first come first served. */
  const held = new Map<string, Set<() => void>>()

  function take(name: string): () => void {
    const waiting = held.get(name) ?? new Set()
    held.set(name, waiting)
    let released = false
    return () => {
      if (released) return
      released = true
      const [next] = waiting
      if (next === undefined) held.delete(name)
      else next()
    }
  }

  return {
    shared: false,
    tryAcquire: async (name) => (held.has(name) ? null : take(name)),
    async acquire(name, signal) {
      signal?.throwIfAborted()
      const waiting = held.get(name)
      if (waiting === undefined) return take(name)
      return new Promise((resolve, reject) => {
        const onAbort = () => {
          waiting.delete(onTurn)
          reject(signal?.reason)
        }
        const onTurn = () => {
          waiting.delete(onTurn)
          signal?.removeEventListener('abort', onAbort)
          resolve(take(name))
        }
        waiting.add(onTurn)
        signal?.addEventListener('abort', onAbort, { once: true })
      })
    },
  }
}
