import * as v from 'valibot'
import { bytesToHex, hexToBytes } from '../bytes.ts'
import { COMPRESSION_OVERHEAD_BYTES } from '../compression.ts'
import type { Digest, Salt } from './ids.ts'
import type { SealedText } from './messages.ts'

/**
 * Turns messages into what travels and back, by walking their schema (SPEC ENV-6): a map becomes the list of its
 * values in the schema's order, a word of an enumeration its position, a type its position among the types,
 * identifiers byte strings, and a sealed text `[digest, sealed]`. So nothing travels that both sides know already. What
 * fits the schema in memory and what fits it on the wire are in bijection, except that an unopened text stays closed.
 */

/** Encrypts a text for the session's participants. */
export type SealText = (text: { digest: Digest; salt: Salt; text: string }) => Uint8Array

/** Null when the text cannot be read: no key, not made with it, or longer than `maxBytes`. */
export type OpenText = (digest: Digest, sealed: Uint8Array, maxBytes: number) => { salt: Salt; text: string } | null

/** 32 bytes of salt and 16 of authentication tag ride with every sealed text, and what DEFLATE adds to noise. */
const SEAL_OVERHEAD_BYTES = 48 + COMPRESSION_OVERHEAD_BYTES

/** The kinds of schema that messages are made of. A pipe has the fields of what it begins with. */
interface Schema {
  readonly type: string
  readonly entries?: Readonly<Record<string, Schema>>
  readonly item?: Schema
  readonly wrapped?: Schema
  readonly options?: readonly (Schema | string)[]
  readonly literal?: unknown
}

interface WireMetadata {
  wire?: 'bytes' | 'sealed'
  maxBytes?: number
}

const metadataOf = (schema: Schema) => v.getMetadata(schema as never) as WireMetadata
const wordsOf = (schema: Schema) => (schema.type === 'picklist' ? (schema.options as readonly string[]) : null)
const shapesOf = (schema: Schema) => (schema.type === 'variant' ? (schema.options as readonly Schema[]) : null)

/** Listed once a shape: every frame of every peer asks for them. */
const fieldsByShape = new WeakMap<Schema, [string, Schema][]>()

/** The type goes first, and is a number, so it is none of them. */
function fieldsOf(shape: Schema): [string, Schema][] {
  const known = fieldsByShape.get(shape)
  if (known) return known
  const fields = Object.entries(shape.entries ?? {}).filter(([key]) => key !== 'type')
  fieldsByShape.set(shape, fields)
  return fields
}

/** From memory, where it fits the schema, to the wire. Throws on a closed text: whoever publishes holds its texts. */
export function toWire(schema: v.GenericSchema, value: unknown, seal: SealText): unknown {
  return write(schema as unknown as Schema, value, seal)
}

function write(schema: Schema, value: unknown, seal: SealText): unknown {
  const { wire } = metadataOf(schema)
  if (wire === 'bytes') return hexToBytes(value as string)
  if (wire === 'sealed') return writeSealed(value as SealedText, seal)
  if (schema.wrapped) return value === null ? null : write(schema.wrapped, value, seal)
  const { item } = schema
  if (item) return (value as unknown[]).map((element) => write(item, element, seal))
  const words = wordsOf(schema)
  if (words) return words.indexOf(value as string)
  const shapes = shapesOf(schema)
  if (shapes) {
    const type = shapes.findIndex((shape) => typeOf(shape) === (value as { type: string }).type)
    return [type, ...writeFields(shapes[type] as Schema, value as object, seal)]
  }
  return schema.entries ? writeFields(schema, value as object, seal) : value
}

function writeFields(shape: Schema, value: object, seal: SealText): unknown[] {
  return fieldsOf(shape).map(([key, field]) => write(field, (value as Record<string, unknown>)[key], seal))
}

function writeSealed({ digest, salt, text }: SealedText, seal: SealText): unknown {
  if (salt === null || text === null) throw new TypeError('a closed text cannot be sealed again')
  return [hexToBytes(digest), seal({ digest, salt, text })]
}

/**
 * From the wire to memory; `open` null leaves every text closed. Refuses nothing itself: what does not have its
 * schema's form becomes undefined, which no schema takes.
 */
export function fromWire(schema: v.GenericSchema, value: unknown, open: OpenText | null): unknown {
  return read(schema as unknown as Schema, value, open)
}

function read(schema: Schema, value: unknown, open: OpenText | null): unknown {
  const { wire, maxBytes = 0 } = metadataOf(schema)
  if (wire === 'bytes') return value instanceof Uint8Array ? bytesToHex(value) : undefined
  if (wire === 'sealed') return readSealed(value, maxBytes, open)
  if (schema.wrapped) return value === null ? null : read(schema.wrapped, value, open)
  const { item } = schema
  if (item) return Array.isArray(value) ? value.map((element) => read(item, element, open)) : undefined
  const words = wordsOf(schema)
  if (words) return typeof value === 'number' ? words[value] : undefined
  const shapes = shapesOf(schema)
  if (shapes) {
    const shape = shapeOf(shapes, value)
    return shape && readFields(shape, (value as unknown[]).slice(1), open)
  }
  return schema.entries ? readFields(schema, value, open) : value
}

function readFields(shape: Schema, value: unknown, open: OpenText | null): unknown {
  const fields = fieldsOf(shape)
  if (!Array.isArray(value) || value.length !== fields.length) return undefined
  const pairs = fields.map(([key, field], index) => [key, read(field, value[index], open)] as const)
  const type = typeOf(shape)
  return Object.fromEntries(type === undefined ? pairs : [['type', type], ...pairs])
}

function readSealed(value: unknown, maxBytes: number, open: OpenText | null): unknown {
  if (!Array.isArray(value) || value.length !== 2) return undefined
  const [digest, sealed] = value as unknown[]
  if (!(digest instanceof Uint8Array) || !(sealed instanceof Uint8Array)) return undefined
  if (sealed.length > maxBytes + SEAL_OVERHEAD_BYTES) return undefined
  const name = bytesToHex(digest) as Digest
  return { digest: name, ...(open?.(name, sealed, maxBytes) ?? { salt: null, text: null }) }
}

/** Whether what came off the wire is of a type that this version knows, whatever its fields are. */
export function isKnownType(schema: { readonly options: readonly unknown[] }, value: unknown): boolean {
  return shapeOf(schema.options as readonly Schema[], value) !== undefined
}

function shapeOf(shapes: readonly Schema[], value: unknown): Schema | undefined {
  const type = Array.isArray(value) ? (value as unknown[])[0] : undefined
  return typeof type === 'number' ? shapes[type] : undefined
}

function typeOf(shape: Schema): unknown {
  return shape.entries?.type?.literal
}
