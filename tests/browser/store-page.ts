import { createClock } from '#adapters/clock/create-clock.ts'
import { createCrypto, createRandom } from '#adapters/crypto/create-crypto.ts'
import { createBrowserDevice } from '#adapters/device/create-browser-device.ts'
import { createKeyStore, openTabMemory } from '#adapters/idb/create-key-store.ts'
import { createStore } from '#adapters/idb/create-store.ts'
import { openDatabase } from '#adapters/idb/database.ts'
import { createLocks } from '#adapters/locks/create-locks.ts'
import { createLogger } from '#adapters/log/create-logger.ts'
import { clockContract } from '../contract/clock.contract.ts'
import { cryptoContract } from '../contract/crypto.contract.ts'
import { strictSignatureContract } from '../contract/crypto-signatures.contract.ts'
import { locksContract } from '../contract/locks.contract.ts'
import { storeContract } from '../contract/store.contract.ts'
import { runCases } from './store-runner.ts'

/** The page of these tests: the adapters within reach of a script, and their contract suites on this browser's parts. */

const logger = createLogger()
const startWorker = () => new Worker(new URL('../../src/workers/clock.worker.ts', import.meta.url), { type: 'module' })
let profiles = 0

const suites = {
  store: () =>
    storeContract('this browser', () => {
      const name = `contract-${profiles++}`
      return { open: () => createStore({ name, logger }) }
    }),
  locks: () => locksContract('this browser', () => [createLocks(navigator.locks), createLocks(navigator.locks)]),
  crypto: () => {
    cryptoContract('this browser', () => createCrypto())
    strictSignatureContract('this browser', () => createCrypto())
    strictSignatureContract('without WebCrypto', () => createCrypto({ subtle: undefined }))
  },
  clock: () => {
    clockContract('a worker', () => createClock({ startWorker }))
    clockContract('the window', () => createClock())
  },
}

const parts = {
  logger,
  openStore: (name: string, timeoutMs?: number) =>
    createStore({ name, logger, ...(timeoutMs === undefined ? {} : { timeoutMs }) }),
  openDatabase,
  keys: createKeyStore({
    name: 'profile',
    crypto: createCrypto(),
    random: createRandom(),
    locks: createLocks(navigator.locks as LockManager | undefined),
    logger,
    tabMemory: openTabMemory(),
  }),
  device: createBrowserDevice(window),
  createClock: () => createClock({ startWorker }),
  async runSuite(name: keyof typeof suites) {
    suites[name]()
    return runCases()
  },
}

declare global {
  interface Window {
    readonly parts: typeof parts
  }
}

Object.assign(window, { parts })
