import * as cbor from '@ipld/dag-cbor'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bytesToHex, equalBytes, hexToBytes, utf8ToBytes } from '#core/bytes.ts'
import { domainBytes, domainHash, operatorStatement, textDigest } from '#core/protocol/domains.ts'
import { decodeEnvelope, encodeEnvelope } from '#core/protocol/envelope.ts'
import type { Digest, NodeId, Salt, SessionId, Signature } from '#core/protocol/ids.ts'
import { MAX_ANSWER_BYTES, MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import { ENVELOPE_VERSION } from '#core/protocol/version.ts'
import { Message, type MessageType } from '#core/protocol/messages.ts'
import type { OpenText, SealText } from '#core/protocol/wire.ts'
import { nodeId, SESSION, strangers } from '#support/session-pair.ts'
import { honestStatements } from '#support/session-pair-record.ts'

vi.setConfig({ testTimeout: 60_000 })

const NETWORK = 'home'
const FROM = nodeId('a')
const SIGNATURE = 'ab'.repeat(64) as Signature
const TAG = new Uint8Array(16)

/** Seals nothing, so that tests may look inside. */
const seal: SealText = ({ salt, text }) => Uint8Array.from([...hexToBytes(salt), ...utf8ToBytes(text), ...TAG])
const open: OpenText = (_digest, sealed) => ({
  salt: bytesToHex(sealed.subarray(0, 32)) as Salt,
  text: new TextDecoder().decode(sealed.subarray(32, sealed.length - 16)),
})

function frameOf(message: Message, sequence = 1, grants: Uint8Array[] = []): Uint8Array {
  return Uint8Array.from(encodeEnvelope({ message, sequence, grants }, FROM, NETWORK, seal).complete(SIGNATURE))
}

function reasonOf(frame: Uint8Array): string {
  const decoded = decodeEnvelope(frame, NETWORK, open)
  return decoded.ok ? 'ok' : decoded.reason
}

/** A frame whose payload is what it should not be. */
function frameAround(payload: unknown): Uint8Array {
  const bytes = payload instanceof Uint8Array ? payload : cbor.encode(payload)
  return cbor.encode([ENVELOPE_VERSION, hexToBytes(FROM), bytes, hexToBytes(SIGNATURE)])
}

const typeNumber = (type: MessageType) => Message.options.findIndex(({ entries }) => entries.type.literal === type)
const LEFT = [typeNumber('node-left')]

const session = strangers(5)
session.ask('a', '2+2', { executors: 2, verifiers: 2 })
session.untilEnded()
const everySaid = session.said.map(({ entry }) => entry.message)

describe('envelopes', () => {
  test('ENV-1: every message of a session survives the wire, open and closed', () => {
    expect(new Set(everySaid.map(({ type }) => type)).size).toBe(9)
    for (const message of everySaid) {
      const decoded = decodeEnvelope(frameOf(message, 7), NETWORK, open)
      if (!decoded.ok) throw new Error(`${message.type}: ${decoded.reason}`)
      expect(decoded.envelope.message).toEqual(message)
      expect([decoded.envelope.from, decoded.envelope.sequence, decoded.envelope.signature]).toEqual([
        FROM,
        7,
        SIGNATURE,
      ])
      const closed = decodeEnvelope(frameOf(message), NETWORK)
      expect(closed.ok).toBe(true)
      if (closed.ok) expect(JSON.stringify(closed.envelope.message)).not.toContain('answer of')
    }
  })

  test('ENV-1, NET-1: the signed bytes are the same on both sides, and bound to network and payload', () => {
    const message: Message = { type: 'node-left' }
    const draft = encodeEnvelope({ message, sequence: 3, grants: [] }, FROM, NETWORK, seal)
    const decoded = decodeEnvelope(Uint8Array.from(draft.complete(SIGNATURE)), NETWORK)
    expect(decoded.ok && equalBytes(decoded.envelope.signedBytes, draft.signedBytes)).toBe(true)
    const elsewhere = decodeEnvelope(Uint8Array.from(draft.complete(SIGNATURE)), 'away')
    expect(elsewhere.ok && equalBytes(elsewhere.envelope.signedBytes, draft.signedBytes)).toBe(false)
  })

  test('ENV-3: the digest names who said what, not the signature', () => {
    const digestOf = (frame: Uint8Array) => {
      const decoded = decodeEnvelope(frame, NETWORK)
      return decoded.ok ? decoded.envelope.digest : ''
    }
    const draft = encodeEnvelope({ message: { type: 'node-left' }, sequence: 3, grants: [] }, FROM, NETWORK, seal)
    const one = digestOf(Uint8Array.from(draft.complete(SIGNATURE)))
    expect(digestOf(Uint8Array.from(draft.complete('cd'.repeat(64) as Signature)))).toBe(one)
    expect(digestOf(frameOf({ type: 'node-left' }, 4))).not.toBe(one)
    const other = encodeEnvelope(
      { message: { type: 'node-left' }, sequence: 3, grants: [] },
      nodeId('b'),
      NETWORK,
      seal,
    )
    expect(digestOf(Uint8Array.from(other.complete(SIGNATURE)))).not.toBe(one)
  })

  test('ENV-2: refuses what is too large before looking at it', () => {
    expect(reasonOf(new Uint8Array(MAX_FRAME_BYTES + 1))).toBe('oversized')
    expect(reasonOf(new Uint8Array(MAX_FRAME_BYTES))).toBe('undecodable')
  })

  test('ENV-2: never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(reasonOf(bytes)).not.toBe('ok')
        expect(reasonOf(frameAround(bytes))).not.toBe('ok')
      }),
      { numRuns: 500 },
    )
    const honest = frameOf(everySaid[0] as Message)
    fc.assert(
      fc.property(fc.nat({ max: honest.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        reasonOf(honest.with(at, (honest[at] ?? 0) ^ mask))
      }),
      { numRuns: 1000 },
    )
  })

  test('ENV-2: a nesting bomb is undecodable, not fatal', () => {
    const bomb = new Uint8Array(120_000).fill(0x81)
    expect(reasonOf(bomb)).toBe('undecodable')
    expect(reasonOf(frameAround(bomb))).toBe('undecodable')
    const deep = Uint8Array.from([...new Uint8Array(2000).fill(0x81), 0])
    expect(reasonOf(frameAround(deep))).toBe('schema')
  })

  test('ENV-2: refuses every second way to write the same', () => {
    const payload = [1, [], LEFT]
    expect(reasonOf(frameAround(payload))).toBe('ok')
    // The same list with its number as a float of 8 bytes.
    const float = Uint8Array.from([0x83, 0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0, ...cbor.encode([]), ...cbor.encode(LEFT)])
    expect(reasonOf(frameAround(float))).toBe('not-canonical')
    // A map with its keys in the wrong order: {b: 1, a: 1}.
    const unsorted = Uint8Array.from([0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01])
    expect(reasonOf(frameAround(unsorted))).toBe('not-canonical')
    const frame = frameAround(payload)
    expect(reasonOf(Uint8Array.from([...frame, 0]))).toBe('undecodable')
  })

  test('ENV-2, ENV-6: refuses wrong numbers of fields, unknown types and wrong lengths', () => {
    const wrap = (message: unknown) => frameAround([1, [], message])
    expect(reasonOf(wrap([...LEFT, 1]))).toBe('schema')
    expect(reasonOf(frameAround([1, [], LEFT, 1]))).toBe('schema')
    expect(reasonOf(frameAround([1]))).toBe('schema')
    expect(reasonOf(wrap([Message.options.length]))).toBe('unknown-type')
    for (const message of [null, [], -1, ['node-left'], { type: 'node-left' }, { 0: LEFT[0] }]) {
      expect(reasonOf(wrap(message))).toBe('unknown-type')
    }
    expect(reasonOf(frameAround([-1, [], LEFT]))).toBe('schema')
    expect(reasonOf(frameAround([1.5, [], LEFT]))).toBe('schema')
    expect(reasonOf(frameAround([1, [new Uint8Array(47)], LEFT]))).toBe('schema')
    const cancelled = (...fields: unknown[]) => wrap([typeNumber('session-cancelled'), ...fields])
    expect(reasonOf(cancelled(hexToBytes(SESSION)))).toBe('ok')
    expect(reasonOf(cancelled())).toBe('schema')
    expect(reasonOf(cancelled(hexToBytes(SESSION), hexToBytes(SESSION)))).toBe('schema')
    expect(reasonOf(cancelled(new Uint8Array(15)))).toBe('schema')
    expect(reasonOf(cancelled(SESSION))).toBe('schema')
    const outer = [hexToBytes(FROM), cbor.encode([]), hexToBytes(SIGNATURE)]
    expect(reasonOf(cbor.encode([ENVELOPE_VERSION - 1, ...outer]))).toBe('schema')
    expect(reasonOf(cbor.encode([ENVELOPE_VERSION, new Uint8Array(31), ...outer.slice(1)]))).toBe('schema')
  })

  test('ENV-4, ENV-6: known bytes and numbers, so that no change of order goes unnoticed', () => {
    expect(Message.options.map(({ entries }) => entries.type.literal).join(' ')).toBe(
      'node-advertised node-left session-opened session-joined roles-assigned role-replaced seat-declined ' +
        'result-committed commitments-closed result-revealed scores-committed scores-revealed verdict-reached ' +
        'objection session-cancelled session-closed',
    )
    const closed = frameOf({ type: 'session-closed', session: SESSION, outcome: 'failed' }, 7)
    const payload = `83 07 80 83 0f 50${SESSION} 02`
    const frame = `84 03 5820${FROM} 57 ${payload} 5840${SIGNATURE}`
    expect(bytesToHex(closed)).toBe(frame.replaceAll(' ', ''))
  })

  test('ENV-6: an enumeration takes the numbers of its words, and nothing else', () => {
    const closed = (outcome: unknown) =>
      frameAround([1, [], [typeNumber('session-closed'), hexToBytes(SESSION), outcome]])
    expect([0, 1, 2].map((outcome) => reasonOf(closed(outcome)))).toEqual(['ok', 'ok', 'ok'])
    for (const outcome of [3, -1, 0.5, 'answered', 'length', null]) expect(reasonOf(closed(outcome))).toBe('schema')
  })

  test('SEAL-2: a sealed text longer than its cap is refused unopened', () => {
    const reveal = honestStatements({ names: ['a', 'b', 'c'], needs: { executors: 2, verifiers: 1 } }).find(
      ({ message }) => message.type === 'result-revealed',
    )?.message
    if (reveal?.type !== 'result-revealed') throw new Error('no reveal')
    const withText = (text: string) => ({ ...reveal, answer: { ...reveal.answer, text } })
    expect(reasonOf(frameOf(withText('x'.repeat(MAX_ANSWER_BYTES))))).toBe('ok')
    expect(() => frameOf(withText('x'.repeat(MAX_ANSWER_BYTES + 1)))).toThrow()
    const wire = (sealed: Uint8Array) => {
      const draft = { message: reveal, sequence: 1, grants: [] }
      return Uint8Array.from(encodeEnvelope(draft, FROM, NETWORK, () => sealed).complete(SIGNATURE))
    }
    expect(decodeEnvelope(wire(new Uint8Array(MAX_ANSWER_BYTES + 53)), NETWORK).ok).toBe(true)
    expect(reasonOf(wire(new Uint8Array(MAX_ANSWER_BYTES + 54)))).toBe('schema')
  })

  test('SEAL-2: a closed text is not published', () => {
    const assigned = everySaid.find(({ type }) => type === 'roles-assigned')
    if (assigned?.type !== 'roles-assigned') throw new Error('no roles')
    const closed = { ...assigned, task: { ...assigned.task, salt: null, text: null } }
    expect(() => frameOf(closed)).toThrow(TypeError)
  })
})

describe('hashes', () => {
  test('HASH-1: no two lists of parts, and no two purposes, share their bytes', () => {
    const part = fc.oneof(fc.string({ maxLength: 6 }), fc.uint8Array({ maxLength: 6 }))
    const list = fc.array(part, { maxLength: 4 })
    const plain = (parts: (string | Uint8Array)[]) =>
      JSON.stringify(parts.map((p) => bytesToHex(typeof p === 'string' ? utf8ToBytes(p) : p)))
    fc.assert(
      fc.property(list, list, (a, b) => {
        expect(equalBytes(domainBytes('beacon', a), domainBytes('beacon', b))).toBe(plain(a) === plain(b))
        expect(equalBytes(domainBytes('beacon', a), domainBytes('ticket', a))).toBe(false)
      }),
    )
  })

  test('HASH-1: known values, so that no refactoring changes the protocol', () => {
    expect(bytesToHex(domainBytes('tie', ['ab', new Uint8Array([1])]))).toBe(
      '7461627377 61726d2f33 20 746965 00 00000002 6162 00000001 01'.replaceAll(' ', ''),
    )
    expect(
      bytesToHex(operatorStatement('11'.repeat(32) as NodeId)).startsWith(
        bytesToHex(utf8ToBytes('tabswarm/3 operator')),
      ),
    ).toBe(true)
    expect(domainHash('tie', [])).toHaveLength(64)
  })

  test('TEXT-1: a text has another name in every session and under every salt', () => {
    const salt = (byte: string) => byte.repeat(32) as Salt
    const names = new Set<Digest>([
      textDigest(SESSION, salt('00'), 'text'),
      textDigest(SESSION, salt('01'), 'text'),
      textDigest(SESSION, salt('00'), 'other'),
      textDigest('00'.repeat(16) as SessionId, salt('00'), 'text'),
    ])
    expect(names.size).toBe(4)
  })
})
