/**
 * sfc32 by Chris Doty-Humphrey (PractRand 0.95, public domain): small, fast, and good enough for simulations, never for
 * keys. Seeded as its author does: counter 1, then 12 rounds thrown away.
 *
 * `seed` and `stream` are integers below 2^32; two streams of one seed have nothing to do with each other. Returns
 * integers below 2^32.
 */
export function createSeeded(seed: number, stream = 0): () => number {
  let a = 0
  let b = seed >>> 0
  let c = stream >>> 0
  let counter = 1
  const next = (): number => {
    const result = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + result
    c |= 0
    return result >>> 0
  }
  for (let round = 0; round < 12; round++) next()
  return next
}
