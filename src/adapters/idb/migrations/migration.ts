import type { IDBPDatabase, IDBPTransaction } from 'idb'

/**
 * One step from a version of the database to the next. Steps are history: a released one never changes again, and so
 * imports nothing that can change. It may await requests of its transaction, and nothing else, or IndexedDB commits.
 */
export interface Migration {
  /** What it brings, for logs and test titles. */
  readonly name: string
  migrate(
    database: IDBPDatabase,
    transaction: IDBPTransaction<unknown, string[], 'versionchange'>,
  ): void | Promise<void>
}
