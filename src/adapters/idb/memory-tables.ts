import type { Table } from '#ports/store.ts'
import { byWorth, isWithin } from './bounds.ts'
import { mapKinds, type Bounding, type Kind, type Tables } from './kinds.ts'

/** Tables that last as long as the page. Records are immutable by their types, so they are kept without copying. */
export function createMemoryTables(): Tables {
  return mapKinds((_name, kind) => createMemoryTable(kind))
}

function createMemoryTable<Key extends string, Value>(kind: Kind<Key, Value>): Table<Key, Value> {
  const { newness, bounding } = kind
  const values = new Map<Key, Value>()
  let sizeBytes = 0

  function remove(key: Key) {
    const value = values.get(key)
    if (value === undefined) return
    values.delete(key)
    sizeBytes -= bounding?.weigh(value).sizeBytes ?? 0
  }

  /** Never gives up `latest`, which was just put. */
  function keepBound({ bound, weigh }: Bounding<Value>, latest: Key) {
    const isKept = () => isWithin({ count: values.size, sizeBytes }, bound)
    if (isKept()) return
    const weights = Array.from(values, ([key, value]) => ({ key, ...weigh(value) }))
    for (const { key } of weights.sort(byWorth)) {
      if (isKept()) return
      if (key !== latest) remove(key)
    }
  }

  return {
    get: async (key) => values.get(key),
    async put(key, value) {
      remove(key)
      values.set(key, value)
      if (bounding === null) return
      sizeBytes += bounding.weigh(value).sizeBytes
      keepBound(bounding, key)
    },
    delete: async (key) => remove(key),
    list: async (limit) => [...values.values()].sort((a, b) => newness(b) - newness(a)).slice(0, limit),
  }
}
