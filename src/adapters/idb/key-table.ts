import type { IDBPDatabase } from 'idb'
import * as v from 'valibot'

const KeyRecord = v.object({
  privateKey: v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length === 32),
  ),
})

/**
 * The private key under `key`, made with `create` where there is none yet or the record is broken.
 *
 * Read and write are one transaction, and IndexedDB runs the write transactions of a table one after another across
 * all tabs: of two tabs that come first together, the second finds the first one's key. `strict`, because a key is
 * written once and a lost one is a lost reputation.
 */
export async function keyFor(
  database: IDBPDatabase,
  table: 'operator' | 'slots',
  key: string | number,
  create: () => Uint8Array,
): Promise<Uint8Array> {
  const transaction = database.transaction(table, 'readwrite', { durability: 'strict' })
  const stored = v.safeParse(KeyRecord, await transaction.store.get(key))
  if (stored.success) {
    await transaction.done
    return stored.output.privateKey
  }
  const privateKey = create()
  await Promise.all([transaction.store.put({ privateKey }, key), transaction.done])
  return privateKey
}
