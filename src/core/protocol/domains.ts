import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '../bytes.ts'
import { PROTOCOL } from './version.ts'
import type { Digest, NodeId, Salt, SessionId } from './ids.ts'

/**
 * Domain separation (SPEC HASH-1): every hash and every signature begins with the protocol's name and its
 * purpose, so that bytes made for one purpose never count for another.
 */
export type Domain =
  | 'envelope'
  | 'operator'
  | 'text'
  | 'nonce'
  | 'salt'
  | 'beacon'
  | 'ticket'
  | 'order'
  | 'sampling'
  | 'commitment'
  | 'tie'
  | 'derive'
  | 'grant'
  | 'sender-key'
  | 'statement'
  | 'transcript'

const prefixes = new Map<Domain, Uint8Array>()

/** `tabswarm/3 <domain>\0`, then each part behind its length in 4 bytes, big-endian: no two lists of parts collide. */
export function domainBytes(domain: Domain, parts: readonly (Uint8Array | string)[]): Uint8Array {
  let prefix = prefixes.get(domain)
  if (!prefix) prefixes.set(domain, (prefix = utf8ToBytes(`${PROTOCOL} ${domain}\0`)))
  const chunks = [prefix]
  for (const part of parts) {
    const bytes = typeof part === 'string' ? utf8ToBytes(part) : part
    const length = new Uint8Array(4)
    new DataView(length.buffer).setUint32(0, bytes.length)
    chunks.push(length, bytes)
  }
  return concatBytes(...chunks)
}

/** SHA-256 over `domainBytes`. */
export function domainHash(domain: Domain, parts: readonly (Uint8Array | string)[]): Digest {
  return bytesToHex(sha256(domainBytes(domain, parts))) as Digest
}

/** What an operator signs to call a node its own (SPEC ID-3). */
export function operatorStatement(node: NodeId): Uint8Array {
  return domainBytes('operator', [hexToBytes(node)])
}

/** Names a text without betraying it to whoever does not hold its salt (SPEC TEXT-1). */
export function textDigest(session: SessionId, salt: Salt, text: string): Digest {
  return domainHash('text', [hexToBytes(session), hexToBytes(salt), text])
}
