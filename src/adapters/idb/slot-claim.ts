import type { Locks } from '#ports/locks.ts'

/** Slots of one profile: more tabs than this on one machine run out of memory first. */
const MAX_SLOTS = 128

/** What a tab remembers of its slot over a reload. */
export interface RememberedSlot {
  readonly slot: number
  /** The document before this one said that it was going; a duplicated tab finds this unset. */
  readonly left: boolean
}

/** A document that is going lets go of its lock soon; on a busy machine not at once. */
const LEAVING_WAIT_MS = 10_000

/**
 * The tab before may have crashed, and then its lock goes within milliseconds; or this is a duplicate, which
 * inherited the memory of a living tab, and then it never does. This is what a duplicate loses at its first start.
 */
const COPIED_WAIT_MS = 500

export interface SlotClaim {
  readonly slot: number
  readonly release: () => void
}

/** The remembered slot, else the lowest free one; null when all are taken. The lock decides, memory only proposes. */
export async function claimSlot(
  locks: Locks,
  lockName: (slot: number) => string,
  remembered: RememberedSlot | null,
  signal?: AbortSignal,
): Promise<SlotClaim | null> {
  if (remembered !== null) {
    const waitMs = remembered.left ? LEAVING_WAIT_MS : COPIED_WAIT_MS
    const release = await acquireWithin(waitMs, locks, lockName(remembered.slot), signal)
    if (release !== null) return { slot: remembered.slot, release }
  }
  for (let slot = 0; slot < MAX_SLOTS; slot++) {
    signal?.throwIfAborted()
    const release = await locks.tryAcquire(lockName(slot))
    if (release !== null) return { slot, release }
  }
  return null
}

/** Null when the wait is over. Rejects with the signal's reason. */
async function acquireWithin(waitMs: number, locks: Locks, name: string, signal?: AbortSignal) {
  const deadline = new AbortController()
  const timer = setTimeout(() => deadline.abort(), waitMs)
  try {
    const either = signal === undefined ? deadline.signal : AbortSignal.any([deadline.signal, signal])
    return await locks.acquire(name, either)
  } catch (error) {
    if (deadline.signal.aborted && !signal?.aborted) return null
    throw error
  } finally {
    clearTimeout(timer)
  }
}

export function isSlot(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < MAX_SLOTS
}
