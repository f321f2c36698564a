import type { Migration } from './migration.ts'

/**
 * Version 1. Tables hold `{newness, value}` under the record's key. Weights stand apart, so that keeping a bound reads
 * no records; under the empty key lies their total, which has no worth and so is not in the index.
 */
export const firstTables: Migration = {
  name: 'first tables',
  migrate(database) {
    for (const table of ['peers', 'sessions', 'chats', 'settings', 'sequences']) {
      database.createObjectStore(table).createIndex('newness', 'newness')
    }
    for (const bounded of ['peers', 'sessions']) {
      database.createObjectStore(`${bounded}-weights`).createIndex('worth', 'worth')
    }
    for (const keys of ['operator', 'slots']) database.createObjectStore(keys)
  },
}
