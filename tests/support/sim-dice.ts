import { createSeeded } from '#core/random/seeded.ts'
import type { Random } from '#ports/random.ts'

/** Everything in a simulation that is left to chance, drawn from its seed. */
export interface Dice extends Random {
  /** Evenly distributed in [0, 1). */
  fraction(): number
  between(min: number, max: number): number
  /** An integer from 0 to `bound` - 1. */
  below(bound: number): number
  chance(probability: number): boolean
  /** Throws on an empty list. */
  pick<T>(items: readonly T[]): T
}

/** Independent dice for each purpose, so that what one part draws does not change what another gets. */
export function createDice(seed: number, purpose: number): Dice {
  const next = createSeeded(seed, purpose)
  const fraction = () => next() / 2 ** 32
  const below = (bound: number) => Math.floor(fraction() * bound)
  return {
    fraction,
    below,
    between: (min, max) => min + (max - min) * fraction(),
    chance: (probability) => fraction() < probability,
    pick(items) {
      const item = items[below(items.length)]
      if (item === undefined) throw new RangeError('nothing to pick from')
      return item
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => next() & 0xff),
  }
}
