import 'fake-indexeddb/auto'
import { IDBObjectStore } from 'fake-indexeddb'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createRandom } from '#adapters/crypto/create-crypto.ts'
import { createKeyStore, type TabMemory } from '#adapters/idb/create-key-store.ts'
import { openDatabase } from '#adapters/idb/database.ts'
import { createLocks } from '#adapters/locks/create-locks.ts'
import { createLogger } from '#adapters/log/create-logger.ts'
import type { Locks } from '#ports/locks.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeProfileLocks } from '#support/fake-locks.ts'
import { keyStoreContract, type Profile, type Tab } from './key-store.contract.ts'

const crypto = createFakeCrypto()
const random = createRandom()
const logger = createLogger()
let profiles = 0

afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

function tabMemory(copied: ReadonlyMap<string, string> = new Map()) {
  const items = new Map(copied)
  const memory: TabMemory = {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => void items.set(key, value),
  }
  return { items, memory }
}

function idbProfile(): Profile {
  const name = `profile-${profiles++}`
  const openLocks = createFakeProfileLocks()
  function open(copied?: ReadonlyMap<string, string>): Tab {
    const locks = openLocks()
    const { items, memory } = tabMemory(copied)
    return {
      keys: createKeyStore({ name, crypto, random, logger, locks, tabMemory: memory }),
      close: async () => locks.closeTab(),
      async reload() {
        locks.closeTab()
        return open(items)
      },
      duplicate: () => open(items),
    }
  }
  return { openTab: () => open() }
}

function fakeProfile(): Profile {
  const profile = createFakeProfile(`profile-${profiles++}`, crypto)
  function open(slot?: number): Tab {
    const keys = profile.openTab(slot)
    let claimed = slot
    return {
      keys: {
        ...keys,
        claim: async (signal) => keys.claim(signal).then((identity) => ((claimed = identity.slot), identity)),
      },
      close: () => keys.release(),
      async reload() {
        await keys.release()
        return open(claimed)
      },
      duplicate: () => open(claimed),
    }
  }
  return { openTab: () => open() }
}

keyStoreContract('IndexedDB', crypto, idbProfile)
keyStoreContract('fake', crypto, fakeProfile)

describe('without what it takes to keep an identity', () => {
  const open = (name: string, locks: Locks = createFakeProfileLocks()()) =>
    createKeyStore({ name, crypto, random, logger, locks, tabMemory: null })

  it('makes one up for this page where there are no locks between tabs', async () => {
    const [one, other] = [open('no-locks', createLocks(undefined)), open('no-locks', createLocks(undefined))]
    const identity = await one.claim()
    expect(identity).toMatchObject({ slot: 0, persistent: false })
    expect((await other.claim()).node).not.toBe(identity.node)
    expect(await one.claim()).toBe(identity)
  })

  it('makes one up where there is no database, and frees the slot', async () => {
    vi.stubGlobal('indexedDB', undefined)
    expect(await open('no-database').claim()).toMatchObject({ persistent: false })
  })

  it('makes one up where the disk is full, and frees the slot', async () => {
    const locks = createFakeProfileLocks()
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    expect(await open('disk-full', locks()).claim()).toMatchObject({ persistent: false })
    vi.restoreAllMocks()
    expect(await open('disk-full', locks()).claim()).toMatchObject({ persistent: true, slot: 0 })
  })

  it('keeps its identity on a full disk that already has it', async () => {
    const locks = createFakeProfileLocks()
    const tab = locks()
    const before = await open('full-later', tab).claim()
    tab.closeTab()
    vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError')
    })
    expect(await open('full-later', locks()).claim()).toEqual(before)
  })

  it('ID-2: waits for the slot of a document that said it was going, however slow the browser lets go of it', async () => {
    const locks = createFakeProfileLocks()
    const { memory } = tabMemory()
    const tab = locks()
    let leave: () => void = () => undefined
    const base = { name: 'slow-reload', crypto, random, logger, tabMemory: memory }
    const before = await createKeyStore({ ...base, locks: tab, onLeave: (listener) => (leave = listener) }).claim()
    leave()
    const claiming = createKeyStore({ ...base, locks: locks() }).claim()
    // Longer than a duplicated tab would wait for its original.
    setTimeout(() => tab.closeTab(), 800)
    expect((await claiming).node).toBe(before.node)
  })

  it('AWAY-1: a tab that was frozen and runs again has not left, so its duplicate does not wait for it', async () => {
    const { memory } = tabMemory()
    const leaving: (() => void)[] = []
    const returning: (() => void)[] = []
    const keys = createKeyStore({
      ...{ name: 'frozen', crypto, random, logger, tabMemory: memory, locks: createFakeProfileLocks()() },
      onLeave: (listener) => leaving.push(listener),
      onReturn: (listener) => returning.push(listener),
    })
    await keys.claim()
    const fresh = memory.getItem('frozen:slot')
    for (const listener of leaving) listener()
    expect(memory.getItem('frozen:slot')).not.toBe(fresh)
    for (const listener of returning) listener()
    expect(memory.getItem('frozen:slot')).toBe(fresh)
  })

  it('starts at the lowest slot where the tab remembers nonsense', async () => {
    for (const nonsense of ['-1', 'NaN', '1e9', '']) {
      const { memory } = tabMemory(new Map([['nonsense:slot', nonsense]]))
      const locks = createFakeProfileLocks()()
      const keys = createKeyStore({ name: 'nonsense', crypto, random, logger, locks, tabMemory: memory })
      expect((await keys.claim()).slot).toBe(0)
    }
  })

  it('replaces a key record of a wrong shape', async () => {
    const { database, close } = await openDatabase({ name: 'broken-key' })
    await database.put('slots', { privateKey: 'text' }, 0)
    close()
    const before = await open('broken-key').claim()
    expect(before).toMatchObject({ slot: 0, persistent: true })
    expect(await open('broken-key').claim()).toEqual(before)
  })
})
