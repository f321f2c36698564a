import * as cbor from '@ipld/dag-cbor'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex, concatBytes, hexToBytes } from '#core/bytes.ts'
import { domainBytes, operatorStatement } from '#core/protocol/domains.ts'
import type { NodeId, OperatorId } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import { ENVELOPE_VERSION } from '#core/protocol/version.ts'

/** Frames that no honest node writes, each with the counter that it must raise in whoever gets it. */
export interface HostileFrame {
  readonly counter: string
  readonly frame: Uint8Array
}

export interface Liar {
  /** Shape: 32 bytes. */
  readonly privateKey: Uint8Array
  readonly network: string
  /** The honest node in whose name it speaks, and that node's operator. */
  readonly victim: NodeId
  readonly victimOperator: OperatorId
}

/** One of each kind. Built without the project's own encoder, which would refuse most of them. */
export function hostileFrames({ privateKey, network, victim, victimOperator }: Liar): HostileFrame[] {
  const self = ed25519.getPublicKey(privateKey)
  let sequence = Date.now()
  const write = (message: unknown, { from = self, seq = sequence++ }: { from?: Uint8Array; seq?: number } = {}) => {
    const payload = cbor.encode({ seq, grants: [], message })
    const sig = ed25519.sign(domainBytes('envelope', [network, payload]), privateKey)
    return { v: ENVELOPE_VERSION, from, payload, sig }
  }
  const frame = (message: unknown, options?: { from?: Uint8Array; seq?: number }) =>
    cbor.encode(write(message, options))
  const left = { type: 'node-left' }
  const stolenOperator = {
    type: 'node-advertised',
    // The right statement, signed by the wrong key: "I am one of your own tabs".
    certificate: {
      operator: hexToBytes(victimOperator),
      signature: ed25519.sign(operatorStatement(bytesToHex(self) as NodeId), privateKey),
    },
    engines: [],
    visibility: 'visible',
    executes: true,
    verifies: true,
    freeSlots: 1,
    expiresInMs: 60_000,
  }
  const said = sequence++
  return [
    { counter: 'dropped:undecodable', frame: Uint8Array.of(0xff, 0x00, 0xff) },
    { counter: 'dropped:oversized', frame: new Uint8Array(MAX_FRAME_BYTES + 1) },
    { counter: 'dropped:not-canonical', frame: unsorted(write(left)) },
    { counter: 'dropped:unknown-type', frame: frame({ type: 'verdict-bought' }) },
    { counter: 'dropped:schema', frame: frame({ ...left, because: 'x'.repeat(1000) }) },
    { counter: 'dropped:forged', frame: frame(left, { from: hexToBytes(victim) }) },
    { counter: 'dropped:forged-certificate', frame: frame(stolenOperator) },
    // Two statements under one number: the second counts as a repetition of the first.
    { counter: '', frame: frame(left, { seq: said }) },
    {
      counter: 'dropped:replayed',
      frame: frame({ ...stolenOperator, certificate: ownOperator(privateKey, self) }, { seq: said }),
    },
  ]
}

function ownOperator(privateKey: Uint8Array, self: Uint8Array) {
  return { operator: self, signature: ed25519.sign(operatorStatement(bytesToHex(self) as NodeId), privateKey) }
}

/** A map whose keys stand in the order of reading, which DAG-CBOR's decoder accepts and its encoder never writes. */
function unsorted(map: Readonly<Record<string, unknown>>): Uint8Array {
  const entries = Object.entries(map).flatMap(([key, value]) => [cbor.encode(key), cbor.encode(value)])
  return concatBytes(Uint8Array.of(0xa0 + Object.keys(map).length), ...entries)
}
