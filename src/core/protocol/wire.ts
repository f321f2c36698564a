import * as v from 'valibot'
import { bytesToHex, hexToBytes } from '../bytes.ts'
import type { Digest, Salt } from './ids.ts'
import type { SealedText } from './messages.ts'

/**
 * Turns messages into what travels and back, by walking their schema: identifiers become byte strings, and sealed
 * texts become `{digest, sealed}`. What fits the schema in memory and what fits it on the wire are in bijection,
 * except that an unopened text stays closed.
 */

/** Encrypts a text for the session's participants. */
export type SealText = (text: { digest: Digest; salt: Salt; text: string }) => Uint8Array

/** Null when the text cannot be read: no key, or not made with it. */
export type OpenText = (digest: Digest, sealed: Uint8Array) => { salt: Salt; text: string } | null

/** 32 bytes of salt and 16 of authentication tag ride with every sealed text. */
const SEAL_OVERHEAD_BYTES = 48

type Schema = v.GenericSchema & {
  entries?: Record<string, Schema>
  item?: Schema
  wrapped?: Schema
  options?: readonly Schema[]
}

interface WireMetadata {
  wire?: 'bytes' | 'sealed'
  maxBytes?: number
}

interface Walk {
  bytes(value: unknown): unknown
  sealed(value: unknown, maxBytes: number): unknown
}

/** Refuses nothing itself: values that do not fit pass unchanged, and the schema refuses them afterwards. */
function walk(schema: Schema, value: unknown, visit: Walk): unknown {
  const metadata = v.getMetadata(schema as never) as WireMetadata
  if (metadata.wire === 'bytes') return visit.bytes(value)
  if (metadata.wire === 'sealed') return visit.sealed(value, metadata.maxBytes ?? 0)
  if (schema.wrapped) return value === null ? null : walk(schema.wrapped, value, visit)
  if (schema.item && Array.isArray(value)) {
    const item = schema.item
    return value.map((element) => walk(item, element, visit))
  }
  if (typeof value !== 'object' || value === null) return value
  const shape = schema.options
    ? schema.options.find((option) => typeOf(option) === (value as { type?: unknown }).type)
    : schema
  const entries = shape?.entries
  if (!entries || value instanceof Uint8Array || Array.isArray(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, field]) => {
      const entry = Object.hasOwn(entries, key) ? entries[key] : undefined
      return [key, entry ? walk(entry, field, visit) : field]
    }),
  )
}

function typeOf(option: Schema): unknown {
  return (option.entries?.type as { literal?: unknown } | undefined)?.literal
}

/** From memory to the wire. Throws on a text that is closed: whoever publishes holds its texts. */
export function toWire(schema: v.GenericSchema, value: unknown, seal: SealText): unknown {
  return walk(schema as Schema, value, {
    bytes: (hex) => hexToBytes(hex as string),
    sealed: (field) => {
      const { digest, salt, text } = field as SealedText
      if (salt === null || text === null) throw new TypeError('a closed text cannot be sealed again')
      return { digest: hexToBytes(digest), sealed: seal({ digest, salt, text }) }
    },
  })
}

/** From the wire to memory; `open` null leaves every text closed. */
export function fromWire(schema: v.GenericSchema, value: unknown, open: OpenText | null): unknown {
  return walk(schema as Schema, value, {
    bytes: (bytes) => (bytes instanceof Uint8Array ? bytesToHex(bytes) : undefined),
    sealed: (field, maxBytes) => openText(field, maxBytes, open),
  })
}

function openText(field: unknown, maxBytes: number, open: OpenText | null): unknown {
  if (typeof field !== 'object' || field === null || Object.keys(field).length !== 2) return undefined
  const { digest, sealed } = field as { digest?: unknown; sealed?: unknown }
  if (!(digest instanceof Uint8Array) || !(sealed instanceof Uint8Array)) return undefined
  if (sealed.length > maxBytes + SEAL_OVERHEAD_BYTES) return undefined
  const name = bytesToHex(digest) as Digest
  return { digest: name, ...(open?.(name, sealed) ?? { salt: null, text: null }) }
}
