/** What an asker knows of how busy the others are, and how long it has tried. */
export interface Crowd {
  /** Other nodes that answer or judge, free or not. */
  readonly others: number
  /** Those of them that say they have a free slot. */
  readonly free: number
  /** Seats of a usual session in this swarm, less one where the asker's own node can take it. */
  readonly seats: number
  /** Since the question's turn came, in ms. */
  readonly waitedMs: number
  /** Openings so far that nobody joined although some said that they were free. */
  readonly unanswered: number
}

export type NextStep =
  /** `patient`: where nobody joins, the question is asked again. */
  | { readonly kind: 'open'; readonly patient: boolean }
  /** Until somebody becomes free, at most so long, in ms. */
  | { readonly kind: 'wait'; readonly atMostMs: number }

/** So long a question waits for half of a usual session; after that whoever is free will do. */
const COMPANY_MS = 5000

/** So long it waits for anybody at all; then its own model answers. */
const PATIENCE_MS = 60_000

/** Openings that nobody answers although some say they are free: they decline, or cannot hear. */
const MOST_UNANSWERED = 3

const FIRST_BACKOFF_MS = 250
const LONGEST_BACKOFF_MS = 8000

/** Whether to open a session now, or to wait because the others are busy (SPEC LEAD-9). */
export function nextStep({ others, free, seats, waitedMs, unanswered }: Crowd): NextStep {
  if (others === 0 || waitedMs >= PATIENCE_MS) return { kind: 'open', patient: false }
  const enough = Math.min(others, Math.ceil(seats / 2))
  const wanted = waitedMs < COMPANY_MS ? enough : 1
  if (free < wanted) {
    return { kind: 'wait', atMostMs: (waitedMs < COMPANY_MS ? COMPANY_MS : PATIENCE_MS) - waitedMs }
  }
  return { kind: 'open', patient: unanswered + 1 < MOST_UNANSWERED }
}

/** Wait after the opening number `openings` that nobody joined. `chance`: from 0 to 1, so that askers come apart. */
export function backoffMs(openings: number, chance: number): number {
  const ceiling = Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.max(0, openings - 1))
  return ceiling * (0.5 + chance / 2)
}
