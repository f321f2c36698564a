import type { IDBPDatabase } from 'idb'
import * as v from 'valibot'
import type { Table } from '#ports/store.ts'
import { forgetWeight, keepBound, weightsOf, type Write } from './idb-bounding.ts'
import { mapKinds, type Kind, type Tables } from './kinds.ts'

/**
 * `relaxed`: a write counts once the operating system has it, not once the disk has. That outlives a closed tab and a
 * crashed browser, which is what "persisted before published" is for: no node may come back and sign a second verdict.
 * Only a power cut can take the last writes, and a machine boots for longer than any session's deadline; sequence
 * numbers start above the wall clock. `strict` would wait for a flush of the disk for each message of a session: some
 * milliseconds on a good one, tens on a phone's, and several times in a session.
 */
const WRITE_OPTIONS: IDBTransactionOptions = { durability: 'relaxed' }

/** Every table, on one connection. `onBroken` hears of each record that is skipped because its shape is wrong. */
export function createIdbTables(database: IDBPDatabase, onBroken: () => void): Tables {
  return mapKinds((name, kind) => createIdbTable(database, name, kind, onBroken))
}

function createIdbTable<Key extends string, Value>(
  database: IDBPDatabase,
  name: string,
  kind: Kind<Key, Value>,
  onBroken: () => void,
): Table<Key, Value> {
  const { bounding } = kind
  const schema = v.object({ newness: v.number(), value: kind.schema })
  const names = bounding === null ? [name] : [name, weightsOf(name)]

  function read(stored: unknown): Value | undefined {
    const parsed = v.safeParse(schema, stored)
    if (!parsed.success) onBroken()
    return parsed.success ? parsed.output.value : undefined
  }

  /** Resolves when the transaction is complete. A request's failure aborts it, so `done` has the reason. */
  async function write(work: (transaction: Write) => readonly Promise<unknown>[]) {
    const transaction = database.transaction(names, 'readwrite', WRITE_OPTIONS)
    const requests = Promise.allSettled(work(transaction))
    await transaction.done
    for (const request of await requests) if (request.status === 'rejected') throw request.reason
  }

  return {
    async get(key) {
      const stored: unknown = await database.get(name, key)
      return stored === undefined ? undefined : read(stored)
    },
    put: (key, value) =>
      write((transaction) => [
        transaction.objectStore(name).put({ newness: kind.newness(value), value }, key),
        ...(bounding === null ? [] : [keepBound(transaction, name, bounding, key, value)]),
      ]),
    delete: (key) =>
      write((transaction) => [
        transaction.objectStore(name).delete(key),
        ...(bounding === null ? [] : [forgetWeight(transaction, name, key)]),
      ]),
    async list(limit) {
      if (limit === undefined) {
        const stored: unknown[] = await database.getAllFromIndex(name, 'newness')
        return stored.reverse().flatMap((each) => read(each) ?? [])
      }
      const values: Value[] = []
      const newness = database.transaction(name).store.index('newness')
      for await (const cursor of newness.iterate(null, 'prev')) {
        if (values.length >= limit) break
        const value = read(cursor.value)
        if (value !== undefined) values.push(value)
      }
      return values
    },
  }
}
