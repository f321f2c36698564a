import type { Clock } from '#ports/clock.ts'

interface Timer {
  readonly at: number
  readonly order: number
  /** Null once fired or cancelled; the heap drops such entries when they surface. */
  callback: (() => void) | null
}

/** A `Clock` that stands still until it is told to move. */
export interface VirtualClock extends Clock {
  /** Timers that are set and neither fired nor cancelled. */
  readonly pending: number
  /** When the next timer is due; null when none is set. */
  nextAt(): number | null
  /** Moves to the next timer and fires it, without settling. False when none is set. */
  runNext(): boolean
  /** Fires every timer up to `atMs` in order, settling after each, and stands at `atMs` then. */
  advanceTo(atMs: number): Promise<void>
  advanceBy(durationMs: number): Promise<void>
  /** Stands still until this is done: real work, which takes none of this clock's time. */
  hold<T>(work: Promise<T>): Promise<T>
  /** Lets everything that timers have set off run until it waits for the clock again. */
  settle(): Promise<void>
}

/**
 * Timers fire by time, then by order of setting, one at a time; `advanceTo` empties the microtask queue in between.
 * So a run depends on nothing but its inputs, as long as no code under test waits for real input or output that the
 * clock is not told of.
 */
export function createVirtualClock(init: { nowMs?: number; wallTimeMs?: number } = {}): VirtualClock {
  let nowMs = init.nowMs ?? 0
  const wallOffsetMs = (init.wallTimeMs ?? 1_700_000_000_000) - nowMs
  const heap: Timer[] = []
  let order = 0
  let pending = 0
  const held = new Set<Promise<unknown>>()

  const peek = () => {
    while (heap[0]?.callback === null) pop(heap)
    return heap[0]
  }

  const clock: VirtualClock = {
    now: () => nowMs,
    wallTimeMs: () => nowMs + wallOffsetMs,
    setTimer(at, callback) {
      const timer: Timer = { at: Math.max(at, nowMs), order: order++, callback }
      push(heap, timer)
      pending++
      return () => {
        if (timer.callback === null) return
        timer.callback = null
        pending--
      }
    },
    get pending() {
      return pending
    },
    nextAt: () => peek()?.at ?? null,
    runNext() {
      const timer = peek()
      if (!timer?.callback) return false
      const callback = timer.callback
      pop(heap)
      timer.callback = null
      pending--
      nowMs = timer.at
      callback()
      return true
    },
    async advanceTo(atMs) {
      await clock.settle()
      for (let next = clock.nextAt(); next !== null && next <= atMs; next = clock.nextAt()) {
        clock.runNext()
        await clock.settle()
      }
      nowMs = Math.max(nowMs, atMs)
    },
    advanceBy: (durationMs) => clock.advanceTo(nowMs + durationMs),
    hold(work) {
      held.add(work)
      const done = () => held.delete(work)
      work.then(done, done)
      return work
    },
    async settle() {
      // The microtask queue is empty before the event loop reaches its next turn.
      const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))
      await nextTurn()
      while (held.size > 0) {
        await Promise.allSettled(held)
        await nextTurn()
      }
    },
  }
  return clock
}

function isBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}

function push(heap: Timer[], timer: Timer): void {
  let index = heap.length
  heap.push(timer)
  while (index > 0) {
    const parentIndex = (index - 1) >> 1
    const parent = heap[parentIndex]
    if (!parent || !isBefore(timer, parent)) break
    heap[index] = parent
    index = parentIndex
  }
  heap[index] = timer
}

function pop(heap: Timer[]): void {
  const last = heap.pop()
  if (!last || heap.length === 0) return
  let index = 0
  for (;;) {
    let childIndex = 2 * index + 1
    let child = heap[childIndex]
    if (!child) break
    const right = heap[childIndex + 1]
    if (right && isBefore(right, child)) {
      child = right
      childIndex++
    }
    if (!isBefore(child, last)) break
    heap[index] = child
    index = childIndex
  }
  heap[index] = last
}
