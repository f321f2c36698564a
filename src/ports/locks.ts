/** Mutual exclusion between the tabs of one browser profile (the Web Locks API, narrowed). */
export interface Locks {
  /** False where the platform has no locks between tabs: then they hold within this page only. */
  readonly shared: boolean
  /** Resolves to the release, or to null when another holder has the lock now. */
  tryAcquire(name: string): Promise<(() => void) | null>
  /** Waits for the lock, in order of asking. Rejects with the signal's reason. */
  acquire(name: string, signal?: AbortSignal): Promise<() => void>
}
