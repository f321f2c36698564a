import 'fake-indexeddb/auto'
import { openDB } from 'idb'
import { describe, expect, it } from 'vitest'
import { DatabaseBlockedError, DatabaseMigrationError, openDatabase } from '#adapters/idb/database.ts'
import { createStore } from '#adapters/idb/create-store.ts'
import { createLogger } from '#adapters/log/create-logger.ts'
import { MIGRATIONS } from '#adapters/idb/migrations/migrations.ts'
import type { Migration } from '#adapters/idb/migrations/migration.ts'
import { chat, nodeId, peer, session, sessionId } from './store.contract.ts'

/** What a program of each version wrote, as it lay on disk: one entry a version, never changed afterwards. */
const WRITTEN_BY_VERSION: readonly Readonly<Record<string, readonly [key: IDBValidKey, record: unknown]>>[] = [
  {
    peers: [nodeId(1), { newness: 1, value: peer(1) }],
    sessions: [sessionId(1), { newness: 1, value: session(1) }],
    chats: ['chat-1', { newness: 1, value: chat(1) }],
    settings: [
      'settings',
      { newness: 0, value: { onlyThisDevice: true, contribute: false, theme: 'dark', noticeAccepted: true } },
    ],
    sequences: [nodeId(1), { newness: 42, value: { node: nodeId(1), sequence: 42 } }],
    slots: [0, { privateKey: new Uint8Array(32).fill(1) }],
    operator: ['operator', { privateKey: new Uint8Array(32).fill(2) }],
  },
]

describe.each(WRITTEN_BY_VERSION.map((records, index) => ({ version: index + 1, records })))(
  'a database of version $version',
  ({ version, records }) => {
    it('keeps its data through every later step', async () => {
      const name = `written-by-${version}`
      const old = await openDatabase({ name, migrations: MIGRATIONS.slice(0, version) })
      for (const [table, [key, record]] of Object.entries(records)) await old.database.put(table, record, key)
      old.close()

      const store = await createStore({ name, logger: createLogger() })
      expect(store.persistent).toBe(true)
      expect(await store.peers.list()).toEqual([peer(1)])
      expect(await store.sessions.list()).toEqual([session(1)])
      expect(await store.chats.list()).toEqual([chat(1)])
      expect(await store.getSettings()).toMatchObject({ onlyThisDevice: true, theme: 'dark' })
      expect(await store.getSequence(nodeId(1))).toBe(42)
      await store.close()
      const { database } = await openDatabase({ name })
      expect(await database.get('slots', 0)).toEqual(records['slots']?.[1])
      expect(await database.get('operator', 'operator')).toEqual(records['operator']?.[1])
      database.close()
    })
  },
)

it('every version has an example of what it wrote', () => {
  expect(WRITTEN_BY_VERSION).toHaveLength(MIGRATIONS.length)
})

describe('the steps', () => {
  const step = (name: string, migrate: Migration['migrate']): Migration => ({ name, migrate })
  const first = step('first', (database) => void database.createObjectStore('notes'))
  const rename = step('rename', async (_database, transaction) => {
    const notes = transaction.objectStore('notes')
    for (const key of await notes.getAllKeys()) await notes.put({ text: await notes.get(key) }, key)
  })
  const index = step('index', (_database, transaction) => {
    transaction.objectStore('notes').createIndex('text', 'text')
  })

  it('run from where the database stands, in order, once', async () => {
    const name = 'steps-in-order'
    const one = await openDatabase({ name, migrations: [first] })
    await one.database.put('notes', 'hello', 1)
    one.close()
    for (let time = 0; time < 2; time++) {
      const three = await openDatabase({ name, migrations: [first, rename, index] })
      expect(three.database.version).toBe(3)
      expect(await three.database.getFromIndex('notes', 'text', 'hello')).toEqual({ text: 'hello' })
      three.close()
    }
  })

  it('leave the database as it was when one throws', async () => {
    const name = 'steps-that-throw'
    const one = await openDatabase({ name, migrations: [first] })
    await one.database.put('notes', 'hello', 1)
    one.close()
    const cause = new Error('a bug in the step')
    const broken = step('broken', () => Promise.reject(cause))
    const attempt = openDatabase({ name, migrations: [first, rename, broken] })
    await expect(attempt).rejects.toThrow(DatabaseMigrationError)
    await expect(attempt).rejects.toMatchObject({ cause })
    const again = await openDatabase({ name, migrations: [first] })
    expect(await again.database.get('notes', 1)).toBe('hello')
    again.close()
  })

  it('do not wait for an old tab that does not let go, nor hold the database when it does', async () => {
    const name = 'steps-that-wait'
    const stubborn = await openDB(name, 1, { upgrade: (database) => void database.createObjectStore('notes') })
    await expect(openDatabase({ name, migrations: [first, index] })).rejects.toThrow(DatabaseBlockedError)
    stubborn.close()
    const later = await openDatabase({ name, migrations: [first, index, rename] })
    expect(later.database.version).toBe(3)
    later.close()
  })
})
