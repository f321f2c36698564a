import { MAX_DISTANCE, MAX_MATCH, MIN_MATCH } from './alphabet.ts'

/** A byte, or so many bytes as they stood so far back. */
export type Token = number | Match

interface Match {
  readonly length: number
  readonly distance: number
}

/** How many earlier places with the same three bytes are tried: bounds the time for texts that repeat themselves. */
const MAX_TRIED = 128

/** Finds repetitions (LZ77). A match gives way to a longer one that begins a byte later, as in zlib. */
export function findMatches(bytes: Uint8Array): Token[] {
  const places = new Map<number, number[]>()
  const tokens: Token[] = []
  let next = longestMatch(bytes, 0, places)
  for (let at = 0; at < bytes.length;) {
    const match = next
    remember(bytes, at, places)
    next = longestMatch(bytes, at + 1, places)
    if (!match || (next && next.length > match.length)) {
      tokens.push(bytes[at++] as number)
      continue
    }
    tokens.push(match)
    for (let i = 1; i < match.length; i++) remember(bytes, at + i, places)
    at += match.length
    next = longestMatch(bytes, at, places)
  }
  return tokens
}

const keyAt = (bytes: Uint8Array, at: number) =>
  at + MIN_MATCH <= bytes.length ? ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0) : null

function remember(bytes: Uint8Array, at: number, places: Map<number, number[]>): void {
  const key = keyAt(bytes, at)
  if (key === null) return
  const known = places.get(key)
  if (known) known.push(at)
  else places.set(key, [at])
}

/** The nearest of the longest. */
function longestMatch(bytes: Uint8Array, at: number, places: Map<number, number[]>): Match | null {
  const key = keyAt(bytes, at)
  const known = (key !== null && places.get(key)) || []
  const longest = Math.min(MAX_MATCH, bytes.length - at)
  let best: Match | null = null
  for (let i = known.length - 1; i >= Math.max(0, known.length - MAX_TRIED); i--) {
    const from = known[i] as number
    if (at - from > MAX_DISTANCE || best?.length === longest) break
    let length = MIN_MATCH
    while (length < longest && bytes[from + length] === bytes[at + length]) length++
    if (!best || length > best.length) best = { length, distance: at - from }
  }
  return best
}
