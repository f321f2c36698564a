import type { Locks } from '#ports/locks.ts'

/** The Web Locks API. The browser releases a page's locks when the page goes, however it goes. */
export function createWebLocks(manager: LockManager): Locks {
  /** Resolves once the callback runs; the lock is held until the promise that it returns is settled. */
  function request(name: string, options: LockOptions): Promise<(() => void) | null> {
    return new Promise((resolve, reject) => {
      const onGranted = (lock: Lock | null): Promise<void> | undefined => {
        if (lock === null) {
          resolve(null)
          return undefined
        }
        return new Promise((release) => resolve(() => release()))
      }
      manager.request(name, options, onGranted).catch(reject)
    })
  }

  return {
    shared: true,
    tryAcquire: (name) => request(name, { ifAvailable: true }),
    async acquire(name, signal) {
      const release = await request(name, signal === undefined ? {} : { signal })
      if (release === null) throw new TypeError('a lock that is waited for is always granted')
      return release
    },
  }
}
