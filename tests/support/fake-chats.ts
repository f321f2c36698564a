import type { StoredChat, Table } from '#ports/store.ts'

/** Chats in memory, or in a storage that survives a reload of the page. */
export function createFakeChats(storage?: Storage): Table<string, StoredChat> {
  const kept = storage?.getItem('fake:chats')
  const rows = new Map<string, StoredChat>(kept ? (JSON.parse(kept) as [string, StoredChat][]) : [])
  const keep = () => storage?.setItem('fake:chats', JSON.stringify([...rows]))
  return {
    get: (id) => Promise.resolve(rows.get(id)),
    put: (id, chat) => {
      rows.set(id, structuredClone(chat))
      keep()
      return Promise.resolve()
    },
    delete: (id) => {
      rows.delete(id)
      keep()
      return Promise.resolve()
    },
    list: (limit) => Promise.resolve([...rows.values()].sort((a, b) => b.updatedAtMs - a.updatedAtMs).slice(0, limit)),
  }
}
