import { decodeEnvelope, type Decoded } from '#core/protocol/envelope.ts'

/** Statements under way in a swarm at a time are far fewer. */
const MAX_REMEMBERED = 4096

/**
 * For many nodes in one process that each receive bytes of their own: what one of them decoded is not decoded again for
 * the next. Equal frames give the same envelope, so `shareVerification` knows it too. Nobody changes an envelope.
 */
export function shareDecoding(): typeof decodeEnvelope {
  const remembered = new Map<string, Decoded>()
  return (frame, network, open) => {
    // What a reader's key opens is that reader's own.
    if (open) return decodeEnvelope(frame, network, open)
    const key = `${network} ${Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('latin1')}`
    const known = remembered.get(key)
    if (known) return known
    const decoded = decodeEnvelope(Uint8Array.from(frame), network)
    const [oldest] = remembered.keys()
    if (remembered.size >= MAX_REMEMBERED && oldest !== undefined) remembered.delete(oldest)
    remembered.set(key, decoded)
    return decoded
  }
}
