import { createMemoryTables } from '#adapters/idb/memory-tables.ts'
import type { Tables } from '#adapters/idb/kinds.ts'
import { createDiskStore } from '#adapters/idb/store-over-tables.ts'
import type { Store, Table } from '#ports/store.ts'

/** A store whose disk a test can fill, lose and read again. */
export interface FakeStore extends Store {
  /** From now on the disk refuses every write with this error, such as `QuotaExceededError`. */
  failWrites(problem: string): void
  /** The same disk as a reloaded page, or another tab of the profile, finds it: only what reached it, and in good order. */
  reopen(): FakeStore
}

export function createFakeStore(disk: Tables = createMemoryTables()): FakeStore {
  let problem: string | null = null

  function refusing<Key extends string, Value>(table: Table<Key, Value>): Table<Key, Value> {
    const write = async (work: () => Promise<void>) => {
      if (problem !== null) throw new DOMException('injected by a test', problem)
      return work()
    }
    return {
      ...table,
      put: (key, value) => write(() => table.put(key, value)),
      delete: (key) => write(() => table.delete(key)),
    }
  }

  const tables: Tables = {
    peers: refusing(disk.peers),
    sessions: refusing(disk.sessions),
    chats: refusing(disk.chats),
    settings: refusing(disk.settings),
    sequences: refusing(disk.sequences),
  }
  const store = createDiskStore({ tables, onLost: () => undefined, close: () => undefined })
  return Object.assign(store, {
    failWrites(name: string) {
      problem = name
    },
    reopen: () => createFakeStore(disk),
  })
}
