/** Something that rings once after a delay, perhaps a little early. */
export interface Alarm {
  /** Delays are whole milliseconds of 31 bits. */
  set(id: number, delayMs: number): void
  clear(id: number): void
}
