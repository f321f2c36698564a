import { describe, expect, test } from 'vitest'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '#core/bytes.ts'
import { sha256 } from '@noble/hashes/sha2.js'
import type { Digest } from '#core/protocol/ids.ts'
import { nonceCommitment, resultCommitment, saltCommitment, scoresCommitment } from '#core/session/commitment.ts'
import { beaconOf } from '#core/session/draw.ts'
import { nodeId, saltOf, SESSION } from '#support/session-pair.ts'
import { joinBy } from '#support/session-pair-record.ts'

/** HASH-1 once more and by hand, so that a mistake in the code is not made twice. */
function hashOf(domain: string, ...parts: (Uint8Array | string)[]): string {
  const chunks = parts.flatMap((part) => {
    const bytes = typeof part === 'string' ? utf8ToBytes(part) : part
    return [Uint8Array.of(bytes.length >>> 24, bytes.length >>> 16, bytes.length >>> 8, bytes.length), bytes]
  })
  return bytesToHex(sha256(concatBytes(utf8ToBytes(`tabswarm/3 ${domain}\0`), ...chunks)))
}

const bytes = hexToBytes
const [ann, bob] = [nodeId('ann'), nodeId('bob')]
const salt = saltOf('salt')
const [best, worse] = [saltOf('best'), saltOf('worse')] as string[] as [Digest, Digest]

describe('commitments', () => {
  test('COM-1: are made as the protocol says, of session, sender, seat, salt and body', () => {
    const seat = { role: 'executor', index: 2 } as const
    expect(resultCommitment(SESSION, ann, seat, salt, best)).toBe(
      hashOf('commitment', bytes(SESSION), bytes(ann), 'executor/2', bytes(salt), bytes(best)),
    )
    const scores = [
      { answer: best, score: 9000 },
      { answer: worse, score: 17 },
    ]
    expect(scoresCommitment(SESSION, bob, { role: 'verifier', index: 0 }, salt, 'likelihood', scores)).toBe(
      hashOf(
        'commitment',
        bytes(SESSION),
        bytes(bob),
        'verifier/0',
        bytes(salt),
        `likelihood ${best}:9000,${worse}:17`,
      ),
    )
  })

  test('COM-1: one that is copied is worth nothing to the copier, nor at another seat', () => {
    const seat = { role: 'executor', index: 0 } as const
    const own = resultCommitment(SESSION, ann, seat, salt, best)
    expect(resultCommitment(SESSION, bob, seat, salt, best)).not.toBe(own)
    expect(resultCommitment(SESSION, ann, { ...seat, index: 1 }, salt, best)).not.toBe(own)
  })

  test('COM-2: the asker’s nonce and a verifier’s salt have forms of their own', () => {
    expect(nonceCommitment(SESSION, salt)).toBe(hashOf('nonce', bytes(SESSION), bytes(salt)))
    expect(saltCommitment(SESSION, ann, salt)).toBe(hashOf('salt', bytes(SESSION), bytes(ann), bytes(salt)))
  })

  test('ROLE-2: the beacon rests on the nonce and on every join, by node and not by arrival', () => {
    const joins = [joinBy('ann'), joinBy('bob'), joinBy('cid')]
    const parts = joins
      .map((join) => [join.from, join.message.saltCommitment] as const)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .flat()
    const beacon = beaconOf(SESSION, salt, joins)
    expect(beacon).toBe(hashOf('beacon', bytes(SESSION), bytes(salt), ...parts.map((part) => bytes(part))))
    expect(beaconOf(SESSION, salt, joins.toReversed())).toBe(beacon)
    expect(beaconOf(SESSION, salt, joins.slice(1))).not.toBe(beacon)
    expect(beaconOf(SESSION, saltOf('another'), joins)).not.toBe(beacon)
  })
})
