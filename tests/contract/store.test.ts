import 'fake-indexeddb/auto'
import { afterEach } from 'vitest'
import { createStore } from '#adapters/idb/create-store.ts'
import { createLogger } from '#adapters/log/create-logger.ts'
import type { Store } from '#ports/store.ts'
import { createFakeStore } from '#support/fake-store.ts'
import { storeContract, type StoreProfile } from './store.contract.ts'

let names = 0
const opened: Store[] = []
const logger = createLogger()

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
})

function idbProfile(name = `profile-${names++}`): StoreProfile {
  return { open: async () => opened.at(opened.push(await createStore({ name, logger })) - 1) as Store }
}

function fakeProfile(): StoreProfile {
  const first = createFakeStore()
  return { open: async () => first.reopen() }
}

storeContract('IndexedDB', () => idbProfile())
storeContract('fake', fakeProfile)
