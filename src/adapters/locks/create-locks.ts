import type { Locks } from '#ports/locks.ts'
import { createMemoryLocks } from './memory-locks.ts'
import { createWebLocks } from './web-locks.ts'

/** `navigator.locks`, or locks within this page where the platform has none, as in an insecure context or in Node. */
export function createLocks(manager: LockManager | undefined): Locks {
  return manager === undefined ? createMemoryLocks() : createWebLocks(manager)
}
