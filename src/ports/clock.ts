/** Time as one machine sees it. Never compared between machines (SPEC TIME-1). */
export interface Clock {
  /** Monotonic milliseconds. */
  now(): number
  /** Milliseconds since 1970, for display, and as a floor for sequence numbers. */
  wallTimeMs(): number
  /** Calls back once, at or after `at` on the scale of `now`. Returns the cancellation. */
  setTimer(at: number, callback: () => void): () => void
}
