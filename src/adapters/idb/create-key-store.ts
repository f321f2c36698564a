import { bytesToHex } from '@noble/hashes/utils.js'
import { operatorStatement } from '#core/protocol/domains.ts'
import type { NodeId, OperatorId } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Identity, KeyStore } from '#ports/key-store.ts'
import type { Locks } from '#ports/locks.ts'
import type { Logger } from '#ports/logger.ts'
import type { Random } from '#ports/random.ts'
import { openDatabase, type Connection } from './database.ts'
import { keyFor } from './key-table.ts'
import { claimSlot, isSlot, type RememberedSlot } from './slot-claim.ts'

export interface KeyStoreInit {
  /** Name of the profile's database, as of its store. */
  readonly name: string
  readonly crypto: Crypto
  readonly random: Random
  readonly locks: Locks
  readonly logger: Logger
  /** What this tab remembers over a reload; null where that is blocked. */
  readonly tabMemory: TabMemory | null
  /** Calls back when the page goes away, so that its next document knows that its slot is about to be free. */
  readonly onLeave?: (listener: () => void) => unknown
  /** Calls back when it did not go after all: it was frozen, and runs again. */
  readonly onReturn?: (listener: () => void) => unknown
}

/** `sessionStorage`, narrowed. A duplicated tab starts with a copy of it. */
export type TabMemory = Pick<Storage, 'getItem' | 'setItem'>

/** This page's `sessionStorage`; null where there is none, or where reading the property throws because it is blocked. */
export function openTabMemory(): TabMemory | null {
  try {
    return (globalThis.sessionStorage as Storage | undefined) ?? null
  } catch {
    return null
  }
}

/**
 * Identities of one browser profile: numbered slots with a key each, under one operator key.
 *
 * Invariants: 1. a slot's key is in use by one page at most, because its lock is held from before the key is read
 * until `release` or the page's end; 2. without locks between tabs, or without a disk, the identity is made up for
 * this page alone and says so, since nothing could keep a second tab from using a stored one.
 */
export function createKeyStore(init: KeyStoreInit): KeyStore {
  let current: Promise<Held> | null = null

  return {
    async claim(signal) {
      signal?.throwIfAborted()
      current ??= claimIdentity(init, signal)
      try {
        return (await current).identity
      } catch (error) {
        current = null
        throw error
      }
    },
    async release() {
      const held = current
      current = null
      if (held !== null) (await held).release()
    },
  }
}

interface Held {
  readonly identity: Identity
  readonly release: () => void
}

async function claimIdentity(init: KeyStoreInit, signal?: AbortSignal): Promise<Held> {
  if (!init.locks.shared) return ephemeral(init, 'no locks between tabs')
  let connection: Connection | undefined
  try {
    connection = await openDatabase(init)
    return (await claimStored(init, connection, signal)) ?? (await ephemeral(init, 'every slot is taken'))
  } catch (error) {
    signal?.throwIfAborted()
    return await ephemeral(init, (error as Error).name)
  } finally {
    // Keys are read once; an idle connection would only stand in the way of another tab's upgrade.
    connection?.close()
  }
}

async function claimStored(init: KeyStoreInit, connection: Connection, signal?: AbortSignal): Promise<Held | null> {
  const { name, locks, random, tabMemory } = init
  const memoryKey = `${name}:slot`
  const lockName = (slot: number) => `${name}:slot:${slot}`
  const claim = await claimSlot(locks, lockName, remembered(tabMemory, memoryKey), signal)
  if (claim === null) return null
  try {
    const create = () => random.bytes(32)
    const privateKey = await keyFor(connection.database, 'slots', claim.slot, create)
    const operatorKey = await keyFor(connection.database, 'operator', 'operator', create)
    const identity = await identityOf(init.crypto, privateKey, operatorKey, claim.slot, true)
    signal?.throwIfAborted()
    remember(tabMemory, memoryKey, { slot: claim.slot, left: false })
    init.onLeave?.(() => remember(tabMemory, memoryKey, { slot: claim.slot, left: true }))
    init.onReturn?.(() => remember(tabMemory, memoryKey, { slot: claim.slot, left: false }))
    return { identity, release: claim.release }
  } catch (error) {
    claim.release()
    throw error
  }
}

async function ephemeral({ crypto, random, logger }: KeyStoreInit, reason: string): Promise<Held> {
  logger.log('warn', 'identity:ephemeral', { reason })
  const identity = await identityOf(crypto, random.bytes(32), random.bytes(32), 0, false)
  return { identity, release: () => undefined }
}

async function identityOf(
  crypto: Crypto,
  privateKey: Uint8Array,
  operatorKey: Uint8Array,
  slot: number,
  persistent: boolean,
): Promise<Identity> {
  const node = bytesToHex(crypto.publicKey(privateKey)) as NodeId
  const operator = bytesToHex(crypto.publicKey(operatorKey)) as OperatorId
  const signature = await crypto.sign(operatorKey, operatorStatement(node))
  return { node, privateKey, certificate: { operator, signature }, slot, persistent }
}

const LEFT = ' left'

function remembered(tabMemory: TabMemory | null, key: string): RememberedSlot | null {
  const text = tabMemory?.getItem(key) ?? ''
  const left = text.endsWith(LEFT)
  const digits = left ? text.slice(0, -LEFT.length) : text
  const slot = digits === '' ? NaN : Number(digits)
  return isSlot(slot) ? { slot, left } : null
}

function remember(tabMemory: TabMemory | null, key: string, { slot, left }: RememberedSlot) {
  try {
    tabMemory?.setItem(key, `${slot}${left ? LEFT : ''}`)
  } catch {
    // A full sessionStorage costs this tab its slot at the next reload, not its identity now.
  }
}
