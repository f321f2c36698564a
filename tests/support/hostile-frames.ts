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
    const payload = cbor.encode([seq, [], message])
    const sig = ed25519.sign(domainBytes('envelope', [network, payload]), privateKey)
    return [ENVELOPE_VERSION, from, payload, sig] as const
  }
  const frame = (message: unknown, options?: { from?: Uint8Array; seq?: number }) =>
    cbor.encode(write(message, options))
  const left = [NODE_LEFT]
  const advertised = (operator: Uint8Array, signature: Uint8Array) => {
    const [visible, executes, verifies, freeSlots, expiresInMs] = [0, true, true, 1, 60_000]
    return [NODE_ADVERTISED, [operator, signature], [], visible, executes, verifies, freeSlots, expiresInMs]
  }
  const certificate = ed25519.sign(operatorStatement(bytesToHex(self) as NodeId), privateKey)
  // The right statement, signed by the wrong key: "I am one of your own tabs".
  const stolenOperator = advertised(hexToBytes(victimOperator), certificate)
  const said = sequence++
  return [
    { counter: 'dropped:undecodable', frame: Uint8Array.of(0xff, 0x00, 0xff) },
    { counter: 'dropped:oversized', frame: new Uint8Array(MAX_FRAME_BYTES + 1) },
    { counter: 'dropped:not-canonical', frame: withFloat(write(left)) },
    { counter: 'dropped:unknown-type', frame: frame([99, 'verdict-bought']) },
    { counter: 'dropped:schema', frame: frame([...left, 'x'.repeat(1000)]) },
    { counter: 'dropped:forged', frame: frame(left, { from: hexToBytes(victim) }) },
    { counter: 'dropped:forged-certificate', frame: frame(stolenOperator) },
    // Two statements under one number: the second counts as a repetition of the first.
    { counter: '', frame: frame(left, { seq: said }) },
    { counter: 'dropped:replayed', frame: frame(advertised(self, certificate), { seq: said }) },
  ]
}

/** Positions of the types in `Message`. */
const NODE_ADVERTISED = 0
const NODE_LEFT = 1

/** A list whose first number is a float, which DAG-CBOR's decoder accepts and its encoder never writes of an integer. */
function withFloat([version, ...rest]: readonly [number, ...unknown[]]): Uint8Array {
  const float = new DataView(new ArrayBuffer(8))
  float.setFloat64(0, version)
  return concatBytes(
    Uint8Array.of(0x80 + 1 + rest.length, 0xfb),
    new Uint8Array(float.buffer),
    ...rest.map((item) => cbor.encode(item)),
  )
}
