import type { IDBPTransaction } from 'idb'
import { isWithin, type Total, type Weight } from './bounds.ts'
import type { Bounding } from './kinds.ts'

/**
 * Keeps a table within its bound, inside the transaction that writes the record, for all tabs together: transactions
 * that write one table run one after another. The cost does not grow with the table, because a total is kept and the
 * records of least worth stand first in an index.
 */

export type Write = IDBPTransaction<unknown, string[], 'readwrite'>

/** Where the weights of a bounded table are. */
export const weightsOf = (table: string) => `${table}-weights`

const TOTAL_KEY = ''
const NOTHING: Total = { count: 0, sizeBytes: 0 }

/** Weighs a record that is being put, and gives up others, never this one, until the bound is kept. */
export async function keepBound<Value>(
  transaction: Write,
  table: string,
  { bound, weigh }: Bounding<Value>,
  key: string,
  value: Value,
): Promise<void> {
  const weights = transaction.objectStore(weightsOf(table))
  const weight = weigh(value)
  let total = add(await totalWithout(transaction, table, key), weight)
  const requests: Promise<unknown>[] = [weights.put(weight, key)]
  try {
    if (!isWithin(total, bound)) {
      for await (const cursor of weights.index('worth').iterate()) {
        if (isWithin(total, bound)) break
        if (cursor.primaryKey === key) continue
        total = subtract(total, cursor.value as Weight)
        requests.push(cursor.delete(), transaction.objectStore(table).delete(cursor.primaryKey))
      }
    }
    requests.push(weights.put(total, TOTAL_KEY))
  } finally {
    // A request that fails aborts the transaction, which then says so; here they only must not go unheard.
    await Promise.allSettled(requests)
  }
}

/** The record is being deleted. */
export async function forgetWeight(transaction: Write, table: string, key: string): Promise<void> {
  const weights = transaction.objectStore(weightsOf(table))
  const total = await totalWithout(transaction, table, key)
  await Promise.all([weights.delete(key), weights.put(total, TOTAL_KEY)])
}

async function totalWithout(transaction: Write, table: string, key: string): Promise<Total> {
  const weights = transaction.objectStore(weightsOf(table))
  const [total, known] = (await Promise.all([weights.get(TOTAL_KEY), weights.get(key)])) as [Total?, Weight?]
  return known === undefined ? (total ?? NOTHING) : subtract(total ?? NOTHING, known)
}

function add(total: Total, { sizeBytes }: Weight): Total {
  return { count: total.count + 1, sizeBytes: total.sizeBytes + sizeBytes }
}

function subtract(total: Total, { sizeBytes }: Weight): Total {
  return { count: total.count - 1, sizeBytes: total.sizeBytes - sizeBytes }
}
