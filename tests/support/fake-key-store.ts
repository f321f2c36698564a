import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { operatorStatement } from '#core/protocol/domains.ts'
import type { NodeId, OperatorId } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Identity, KeyStore } from '#ports/key-store.ts'

/** The keys of one browser profile, all drawn from its name: the same name gives the same identities in every run. */
export interface FakeProfile {
  /** A new tab, or with `slot` one that was reloaded or restored and had that slot before. */
  openTab(slot?: number): KeyStore
}

export function createFakeProfile(name: string, crypto: Crypto): FakeProfile {
  const taken = new Set<number>()
  const operatorKey = keyOf(name, 'operator')

  function freeSlot(remembered: number | null): number {
    let slot = remembered !== null && !taken.has(remembered) ? remembered : 0
    while (taken.has(slot)) slot += 1
    return slot
  }

  return {
    openTab(slot) {
      let remembered = slot ?? null
      let claimed: Promise<Identity> | null = null
      return {
        claim(signal) {
          if (signal?.aborted) return Promise.reject(signal.reason)
          if (claimed === null) {
            remembered = freeSlot(remembered)
            taken.add(remembered)
            claimed = fakeIdentity(crypto, operatorKey, keyOf(name, String(remembered)), remembered)
          }
          return claimed
        },
        async release() {
          if (claimed !== null && remembered !== null) taken.delete(remembered)
          claimed = null
        },
      }
    },
  }
}

async function fakeIdentity(
  crypto: Crypto,
  operatorKey: Uint8Array,
  privateKey: Uint8Array,
  slot: number,
): Promise<Identity> {
  const node = bytesToHex(crypto.publicKey(privateKey)) as NodeId
  const operator = bytesToHex(crypto.publicKey(operatorKey)) as OperatorId
  const signature = await crypto.sign(operatorKey, operatorStatement(node))
  return { node, privateKey, certificate: { operator, signature }, slot, persistent: true }
}

function keyOf(profile: string, purpose: string): Uint8Array {
  return sha256(utf8ToBytes(`${profile}\0${purpose}`))
}
