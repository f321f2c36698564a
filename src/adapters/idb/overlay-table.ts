import type { Table } from '#ports/store.ts'
import type { Kind } from './kinds.ts'

/**
 * A table on disk that goes on in memory when the disk refuses.
 *
 * Invariants: 1. what was stored stays stored; 2. a read sees the newest write of this page, wherever it went; 3. no
 * call rejects because of the disk; `onDiskError` hears of it instead.
 */
export function createOverlayTable<Key extends string, Value>(
  { keyOf, newness }: Kind<Key, Value>,
  disk: Table<Key, Value>,
  memory: Table<Key, Value>,
  onDiskError: (error: unknown) => void,
): Table<Key, Value> {
  /** Records whose removal the disk refused. */
  const removed = new Set<Key>()

  async function onDisk<Result>(work: () => Promise<Result>, otherwise: Result): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      onDiskError(error)
      return otherwise
    }
  }

  return {
    async get(key) {
      const inMemory = await memory.get(key)
      if (inMemory !== undefined || removed.has(key)) return inMemory
      return onDisk(() => disk.get(key), undefined)
    },
    async put(key, value) {
      const stored = await onDisk(() => disk.put(key, value).then(() => true), false)
      removed.delete(key)
      await (stored ? memory.delete(key) : memory.put(key, value))
    },
    async delete(key) {
      await memory.delete(key)
      const gone = await onDisk(() => disk.delete(key).then(() => true), false)
      if (!gone) removed.add(key)
    },
    async list(limit) {
      const inMemory = await memory.list()
      if (inMemory.length === 0 && removed.size === 0) return onDisk(() => disk.list(limit), [])
      const shadowed = new Set([...removed, ...inMemory.map(keyOf)])
      const stored = (await onDisk(() => disk.list(), [])).filter((value) => !shadowed.has(keyOf(value)))
      return [...inMemory, ...stored].sort((a, b) => newness(b) - newness(a)).slice(0, limit)
    },
  }
}
