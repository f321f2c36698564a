import { describe, expect, it } from 'vitest'
import { operatorStatement } from '#core/protocol/domains.ts'
import { bytesToHex } from '#core/bytes.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { KeyStore } from '#ports/key-store.ts'

export interface Tab {
  readonly keys: KeyStore
  /** Goes away without a word; the browser frees what it held. */
  close(): Promise<void>
  /** Goes away and comes back with what the tab remembers. */
  reload(): Promise<Tab>
  /** A second tab with a copy of what this one remembers. */
  duplicate(): Tab
}

/** One browser profile, empty at first. */
export interface Profile {
  openTab(): Tab
}

export function keyStoreContract(name: string, crypto: Crypto, createProfile: () => Profile): void {
  describe(`${name}: identities`, () => {
    it('ID-1: has a node key of its own, certified by the operator', async () => {
      const identity = await createProfile().openTab().keys.claim()
      const { node, privateKey, certificate } = identity
      expect(identity).toMatchObject({ slot: 0, persistent: true })
      expect(bytesToHex(crypto.publicKey(privateKey))).toBe(node)
      expect(certificate.operator).not.toBe(node)
      expect(await crypto.verify(certificate.operator, operatorStatement(node), certificate.signature)).toBe(true)
    })

    it('ID-2: gives three tabs that start at once three slots and one operator', async () => {
      const profile = createProfile()
      const identities = await Promise.all([1, 2, 3].map(() => profile.openTab().keys.claim()))
      expect(identities.map((each) => each.slot).sort()).toEqual([0, 1, 2])
      expect(new Set(identities.map((each) => each.node)).size).toBe(3)
      expect(new Set(identities.map((each) => each.certificate.operator)).size).toBe(1)
    })

    it('gives a reloaded tab its identity back, whatever else is free', async () => {
      const profile = createProfile()
      const [first, second] = [profile.openTab(), profile.openTab()]
      await first.keys.claim()
      const before = await second.keys.claim()
      await first.close()
      const after = await (await second.reload()).keys.claim()
      expect(after).toEqual(before)
      expect(after.slot).toBe(1)
    })

    it('gives the lowest slot of a closed tab to the next, with its key', async () => {
      const profile = createProfile()
      const tabs = [profile.openTab(), profile.openTab(), profile.openTab()]
      const identities = []
      for (const tab of tabs) identities.push(await tab.keys.claim())
      await tabs[1]?.close()
      await tabs[0]?.close()
      expect(await profile.openTab().keys.claim()).toEqual(identities[0])
      expect(await profile.openTab().keys.claim()).toEqual(identities[1])
    })

    it('ID-2: gives a duplicated tab a slot of its own', async () => {
      const original = createProfile().openTab()
      const { node } = await original.keys.claim()
      const duplicate = original.duplicate()
      const copied = await duplicate.keys.claim()
      expect(copied.slot).toBe(1)
      expect(copied.node).not.toBe(node)
      expect(await (await duplicate.reload()).keys.claim()).toEqual(copied)
    })

    it('claims once, until it is released', async () => {
      const profile = createProfile()
      const [one, other] = [profile.openTab(), profile.openTab()]
      const [first, again] = await Promise.all([one.keys.claim(), one.keys.claim()])
      expect(again).toBe(first)
      await one.keys.release()
      await one.keys.release()
      expect((await other.keys.claim()).node).toBe(first.node)
      expect((await one.keys.claim()).slot).toBe(1)
    })

    it('rejects with the reason of its signal, and holds no slot', async () => {
      const profile = createProfile()
      const reason = new Error('the page changed its mind')
      await expect(profile.openTab().keys.claim(AbortSignal.abort(reason))).rejects.toBe(reason)
      expect((await profile.openTab().keys.claim()).slot).toBe(0)
    })

    it('gives two profiles two operators', async () => {
      const [one, other] = await Promise.all([1, 2].map(() => createProfile().openTab().keys.claim()))
      expect(one?.certificate.operator).not.toBe(other?.certificate.operator)
      expect(one?.node).not.toBe(other?.node)
    })
  })
}
