import type { Store, Table } from '#ports/store.ts'
import { KINDS, SETTINGS_KEY, type Kind, type Tables } from './kinds.ts'
import { createMemoryTables } from './memory-tables.ts'
import { createOverlayTable } from './overlay-table.ts'
import { DEFAULT_SETTINGS } from './records.ts'

/** Where a store keeps its tables. */
export interface Disk {
  readonly tables: Tables
  /** Calls back when the disk is lost from outside. */
  onLost(listener: (problem: string) => void): void
  close(): void
}

/** A store that lasts as long as the page, and says why. */
export function createMemoryStore(problem: string): Store {
  return createStoreOver(createMemoryTables(), problem, { close: () => undefined }).store
}

/** A store on a disk, which goes on in memory, and says so, when the disk refuses. */
export function createDiskStore(disk: Disk): Store {
  const memory = createMemoryTables()
  const overlay = <Key extends string, Value>(
    kind: Kind<Key, Value>,
    onDisk: Table<Key, Value>,
    inMemory: Table<Key, Value>,
  ) => createOverlayTable(kind, onDisk, inMemory, (error) => report(problemOf(error)))
  const tables: Tables = {
    peers: overlay(KINDS.peers, disk.tables.peers, memory.peers),
    sessions: overlay(KINDS.sessions, disk.tables.sessions, memory.sessions),
    chats: overlay(KINDS.chats, disk.tables.chats, memory.chats),
    settings: overlay(KINDS.settings, disk.tables.settings, memory.settings),
    sequences: overlay(KINDS.sequences, disk.tables.sequences, memory.sequences),
  }
  const { store, report } = createStoreOver(tables, null, disk)
  disk.onLost(report)
  return store
}

function createStoreOver(tables: Tables, firstProblem: string | null, disk: Pick<Disk, 'close'>) {
  let problem = firstProblem
  const listeners = new Set<(problem: string) => void>()

  const store: Store = {
    get persistent() {
      return problem === null
    },
    get problem() {
      return problem
    },
    onProblem(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    peers: tables.peers,
    sessions: tables.sessions,
    chats: tables.chats,
    getSettings: async () => (await tables.settings.get(SETTINGS_KEY)) ?? DEFAULT_SETTINGS,
    putSettings: (settings) => tables.settings.put(SETTINGS_KEY, settings),
    getSequence: async (node) => (await tables.sequences.get(node))?.sequence ?? 0,
    putSequence: (node, sequence) => tables.sequences.put(node, { node, sequence }),
    close: async () => disk.close(),
  }

  return {
    store,
    /** The first problem stays: later ones follow from it, and a page that once failed to keep something says so. */
    report(name: string) {
      if (problem !== null) return
      problem = name
      for (const listener of listeners) listener(name)
    },
  }
}

/** Errors of our own code that IndexedDB throws synchronously; hiding them behind "the disk is full" would help nobody. */
const OUR_BUGS: ReadonlySet<string> = new Set([
  'DataError',
  'DataCloneError',
  'ReadOnlyError',
  'TransactionInactiveError',
])

function problemOf(error: unknown): string {
  if (!(error instanceof DOMException) || OUR_BUGS.has(error.name)) throw error
  return error.name
}
