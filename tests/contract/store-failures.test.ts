import 'fake-indexeddb/auto'
import { IDBFactory, IDBObjectStore, IDBOpenDBRequest } from 'fake-indexeddb'
import { openDB } from 'idb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createStore } from '#adapters/idb/create-store.ts'
import { createLogger } from '#adapters/log/create-logger.ts'
import type { Store } from '#ports/store.ts'
import { createFakeStore } from '#support/fake-store.ts'
import { chat, nodeId, session, sessionId } from './store.contract.ts'

let names = 0
let name = ''
const opened: Store[] = []
const logger = createLogger()

afterEach(async () => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
  for (const store of opened.splice(0)) await store.close()
  name = `failing-${names++}`
})

async function open(timeoutMs?: number): Promise<Store> {
  const store = await createStore({ name, logger, ...(timeoutMs === undefined ? {} : { timeoutMs }) })
  opened.push(store)
  return store
}

function fillDisk() {
  vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
    throw new DOMException('full', 'QuotaExceededError')
  })
}

describe('a disk that fills up', () => {
  async function goesOnInMemory(store: Store, fill: () => void, reload: () => Promise<Store>) {
    const problems: string[] = []
    store.onProblem((problem) => problems.push(problem))
    await store.chats.put('chat-1', chat(1))
    await store.chats.put('chat-2', chat(2))
    await store.putSequence(nodeId(1), 1)
    fill()
    await store.chats.put('chat-1', chat(1, { title: 'Renamed', updatedAtMs: 9 }))
    await store.chats.put('chat-3', chat(3))
    await store.putSequence(nodeId(1), 2)
    expect(store).toMatchObject({ persistent: false, problem: 'QuotaExceededError' })
    expect(problems).toEqual(['QuotaExceededError'])
    expect((await store.chats.list()).map((each) => each.title)).toEqual(['Renamed', 'Chat 3', 'Chat 2'])
    expect((await store.chats.list(1)).map((each) => each.title)).toEqual(['Renamed'])
    expect(await store.getSequence(nodeId(1))).toBe(2)
    const reloaded = await reload()
    expect(await reloaded.chats.get('chat-1')).toEqual(chat(1))
    expect(await reloaded.getSequence(nodeId(1))).toBe(1)
  }

  it('IndexedDB: goes on in memory, says so once, and loses nothing that was stored', async () => {
    await goesOnInMemory(await open(), fillDisk, open)
  })

  it('fake: the same', async () => {
    const store = createFakeStore()
    await goesOnInMemory(
      store,
      () => store.failWrites('QuotaExceededError'),
      async () => store.reopen(),
    )
  })

  it('takes writes again when there is room, and reads them from the disk', async () => {
    const store = await open()
    fillDisk()
    await store.chats.put('chat-1', chat(1))
    vi.restoreAllMocks()
    await store.chats.put('chat-1', chat(1, { title: 'Later' }))
    expect(await (await open()).chats.get('chat-1')).toEqual(chat(1, { title: 'Later' }))
    expect(store.problem).toBe('QuotaExceededError')
  })

  it('does not show again what it was told to delete and could not', async () => {
    const store = createFakeStore()
    await store.chats.put('chat-1', chat(1))
    store.failWrites('QuotaExceededError')
    await store.chats.delete('chat-1')
    expect(await store.chats.get('chat-1')).toBeUndefined()
    expect(await store.chats.list()).toEqual([])
  })

  it("throws what is this code's own fault", async () => {
    const store = await open()
    const notCloneable = { ...chat(1), title: (() => 'a function') as unknown as string }
    await expect(store.chats.put('chat-1', notCloneable)).rejects.toThrow()
    expect(store.problem).toBeNull()
  })
})

describe('a disk that is not to be had', () => {
  async function worksFromMemory(store: Store, problem: string) {
    expect(store).toMatchObject({ persistent: false, problem })
    await store.sessions.put(sessionId(1), session(1))
    await store.putSequence(nodeId(1), 7)
    expect(await store.sessions.list()).toEqual([session(1)])
    expect(await store.getSequence(nodeId(1))).toBe(7)
    expect(await store.getSettings()).toMatchObject({ contribute: true })
  }

  it('works from memory without IndexedDB', async () => {
    vi.stubGlobal('indexedDB', undefined)
    await worksFromMemory(await open(), 'DatabaseMissingError')
  })

  it.each(['SecurityError', 'InvalidStateError', 'UnknownError'])('works from memory after a %s', async (problem) => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => {
      throw new DOMException('blocked', problem)
    })
    await worksFromMemory(await open(), problem)
  })

  it('works from memory where newer code has been, and leaves its data alone', async () => {
    const newer = await openDB(name, 99, { upgrade: (database) => void database.createObjectStore('of-the-future') })
    newer.close()
    await worksFromMemory(await open(), 'VersionError')
    const again = await openDB(name)
    expect([again.version, ...again.objectStoreNames]).toEqual([99, 'of-the-future'])
    again.close()
  })

  it('works from memory when the browser does not answer', async () => {
    vi.spyOn(IDBFactory.prototype, 'open').mockImplementation(() => new IDBOpenDBRequest())
    await worksFromMemory(await open(1), 'DatabaseSilentError')
  })

  it('lets go of the database for a newer tab, keeps its data, and says so', async () => {
    const store = await open()
    await store.chats.put('chat-1', chat(1))
    const newer = await openDB(name, 99)
    expect(store.problem).toBe('DatabaseUpgradedError')
    await store.chats.put('chat-2', chat(2))
    expect((await store.chats.list()).map((each) => each.title)).toEqual(['Chat 2'])
    expect(await newer.getAllKeys('chats')).toEqual(['chat-1'])
    newer.close()
  })

  it('lets go of a database that is being deleted', async () => {
    const store = await open()
    await new Promise((resolve) => (indexedDB.deleteDatabase(name).onsuccess = resolve))
    expect(store.problem).toBe('DatabaseClosedError')
  })
})

it('skips a record of a wrong shape, counts it, and keeps the others', async () => {
  const store = await open()
  await store.chats.put('chat-1', chat(1))
  const database = await openDB(name)
  await database.put('chats', { newness: 5, value: { ...chat(5), turns: 'none' } }, 'chat-5')
  await database.put('chats', 'not even an object', 'chat-6')
  await database.put('settings', { newness: 0, value: { theme: 'pink' } }, 'settings')
  database.close()
  const before = logger.counts()['store:broken-record'] ?? 0
  expect(await store.chats.list()).toEqual([chat(1)])
  expect(await store.chats.list(1)).toEqual([chat(1)])
  expect(await store.chats.get('chat-6')).toBeUndefined()
  expect(await store.getSettings()).toMatchObject({ theme: 'system' })
  expect((logger.counts()['store:broken-record'] ?? 0) - before).toBe(4)
})
