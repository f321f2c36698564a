import type { Logger } from '#ports/logger.ts'
import type { Store } from '#ports/store.ts'
import { openDatabase, type Connection, type DatabaseInit } from './database.ts'
import { createIdbTables } from './idb-table.ts'
import { createDiskStore, createMemoryStore } from './store-over-tables.ts'

export interface StoreInit extends DatabaseInit {
  readonly logger: Logger
}

/** The profile's store: in IndexedDB, or in memory, with the reason in `problem`, where that cannot be had. Never rejects. */
export async function createStore(init: StoreInit): Promise<Store> {
  let connection: Connection
  try {
    connection = await openDatabase(init)
  } catch (error) {
    const { name, message } = error as Error
    init.logger.log('warn', 'store:in-memory', { name, message })
    return createMemoryStore(name)
  }
  return createDiskStore({
    tables: createIdbTables(connection.database, () => init.logger.count('store:broken-record')),
    onLost: (listener) => connection.onLost((error) => listener(error.name)),
    close: () => connection.close(),
  })
}
