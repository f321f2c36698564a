import { expect, test } from 'vitest'
import { createCrypto } from '#adapters/crypto/create-crypto.ts'
import { textDigest } from '#core/protocol/domains.ts'
import { MAX_ANSWER_BYTES } from '#core/protocol/limits.ts'
import type { NodeId, Salt, SealKey, SessionId } from '#core/protocol/ids.ts'
import { SessionSecrets } from '#shell/sealing.ts'

const crypto = createCrypto({ subtle: undefined })
const SESSION = '11'.repeat(16) as SessionId
const ASKER = 'aa'.repeat(32) as NodeId
const WORKER = 'bb'.repeat(32) as NodeId
const SALT = 'cc'.repeat(32) as Salt

const secretsOf = (seed: number, sessionKey: Uint8Array | null = null, session = SESSION) =>
  new SessionSecrets(crypto, session, crypto.createSealKeyPair(new Uint8Array(32).fill(seed)), sessionKey)

function createPair() {
  return { asker: secretsOf(1, new Uint8Array(32).fill(9)), worker: secretsOf(2) }
}

const sealed = (secrets: SessionSecrets, sender: NodeId, text: string) => {
  const digest = textDigest(SESSION, SALT, text)
  return { digest, bytes: secrets.sealAs(sender)({ digest, salt: SALT, text }) }
}

test('SEAL-1: a grant gives its participant the key, once', () => {
  const { asker, worker } = createPair()
  const grant = asker.grant(WORKER, worker.publicKey)
  expect(worker.accept(WORKER, asker.publicKey, grant)).toBe(true)
  expect(worker.sessionKey).toEqual(asker.sessionKey)
  expect(worker.accept(WORKER, asker.publicKey, grant)).toBe(false)
})

test('SEAL-1: a grant opens nothing for another node, with another key, or in another session', () => {
  const { asker, worker } = createPair()
  const grant = asker.grant(WORKER, worker.publicKey)
  expect(secretsOf(2).accept(ASKER, asker.publicKey, grant)).toBe(false)
  expect(secretsOf(3).accept(WORKER, asker.publicKey, grant)).toBe(false)
  expect(secretsOf(2, null, '22'.repeat(16) as SessionId).accept(WORKER, asker.publicKey, grant)).toBe(false)
})

test('SEAL-1: a key of low order gets a grant that opens nothing', () => {
  const { asker, worker } = createPair()
  const grant = asker.grant(WORKER, '00'.repeat(32) as SealKey)
  expect(grant).toEqual(new Uint8Array(48))
  expect(worker.accept(WORKER, asker.publicKey, grant)).toBe(false)
})

test('SEAL-3: a text opens as its sender’s own, and as nobody else’s', () => {
  const { asker, worker } = createPair()
  worker.accept(WORKER, asker.publicKey, asker.grant(WORKER, worker.publicKey))
  const { digest, bytes } = sealed(asker, ASKER, 'a question')
  expect(worker.openFrom(ASKER)(digest, bytes, MAX_ANSWER_BYTES)).toEqual({ salt: SALT, text: 'a question' })
  expect(worker.openFrom(WORKER)(digest, bytes, MAX_ANSWER_BYTES)).toBeNull()
})

test('SEAL-3: a text stays closed without the key, changed, or under another digest', () => {
  const { asker } = createPair()
  const { digest, bytes } = sealed(asker, ASKER, 'a question')
  expect(secretsOf(2).openFrom(ASKER)(digest, bytes, MAX_ANSWER_BYTES)).toBeNull()
  const changed = Uint8Array.from(bytes, (byte, index) => (index === 5 ? byte ^ 1 : byte))
  expect(asker.openFrom(ASKER)(digest, changed, MAX_ANSWER_BYTES)).toBeNull()
  expect(asker.openFrom(ASKER)(textDigest(SESSION, SALT, 'another'), bytes, MAX_ANSWER_BYTES)).toBeNull()
})

test('SEAL-2, SEAL-3: a text travels compressed, and one that inflates beyond its cap stays closed', () => {
  const { asker } = createPair()
  const { digest, bytes } = sealed(asker, ASKER, 'a'.repeat(MAX_ANSWER_BYTES + 1))
  expect(bytes.length).toBeLessThan(200)
  expect(asker.openFrom(ASKER)(digest, bytes, MAX_ANSWER_BYTES)).toBeNull()
  expect(asker.openFrom(ASKER)(digest, bytes, MAX_ANSWER_BYTES + 1)?.text).toHaveLength(MAX_ANSWER_BYTES + 1)
})

test('TEXT-1: a text opens byte by byte as it was sealed', () => {
  const { asker } = createPair()
  for (const text of ['', '\ufeffa byte order mark', 'ÄÖÜ 漢字 🐦', '\u0000']) {
    const { digest, bytes } = sealed(asker, ASKER, text)
    expect(asker.openFrom(ASKER)(digest, bytes, MAX_ANSWER_BYTES)).toEqual({ salt: SALT, text })
  }
})
