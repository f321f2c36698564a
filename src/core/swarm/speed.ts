import { MAX_TOKENS_PER_SECOND } from '../protocol/limits.ts'
import type { Speed } from './fit.ts'

/**
 * How fast an engine is by what it does. Its speed was measured once, when its model was loaded, which may have been the
 * busiest moment of the machine; a node that goes by that for ever is never asked again (SPEC FIT-3).
 */

/** One answer as it was written. */
export interface Writing {
  readonly tokens: number
  /** From the beginning, its prompt read included; in ms. */
  readonly tookMs: number
  /** From the first piece to the end; in ms. */
  readonly writingMs: number
}

export interface SpeedRecord {
  readonly atLoad: Speed
  /** Tokens a second. */
  readonly decode: number
  /** What the last answers show, the latest last: at most `REMEMBERED`. */
  readonly shown: readonly Bounds[]
}

/** Tokens a second: no answer tells exactly how fast it was written, as reading its prompt took time too. */
interface Bounds {
  readonly atLeast: number
  readonly atMost: number
}

/** A machine that is busy for a moment is no slower for that. */
const REMEMBERED = 3

/** From the first piece to the end of fewer tokens is hardly any time. */
const ENOUGH_TOKENS = 8

/** Below this, a change is not worth an announcement of its own. */
const WORTH_TELLING = 1.25

export function speedAtLoad(atLoad: Speed): SpeedRecord {
  return { atLoad, decode: atLoad.decodeTokensPerSecond, shown: [] }
}

/** An answer that was not written to its end counts like any other; one without time or tokens shows nothing. */
export function noteWriting(record: SpeedRecord, { tokens, tookMs, writingMs }: Writing): SpeedRecord {
  if (tokens < 1 || tookMs <= 0) return record
  const atLeast = (1000 * tokens) / tookMs
  const isLong = tokens >= ENOUGH_TOKENS && writingMs > 0
  const atMost = isLong ? Math.max(atLeast, (1000 * (tokens - 1)) / writingMs) : Infinity
  const shown = [...record.shown, { atLeast, atMost }].slice(-REMEMBERED)
  const highest = shown.length < REMEMBERED ? Infinity : Math.max(...shown.map((bounds) => bounds.atMost))
  const lowest = Math.max(...shown.map((bounds) => bounds.atLeast))
  return { ...record, shown, decode: Math.max(lowest, Math.min(highest, record.decode)) }
}

/** What slows the writing slows the reading and the judging too. */
export function speedOf({ atLoad, decode }: SpeedRecord): Speed {
  const bounded = (perSecond: number) => Math.min(MAX_TOKENS_PER_SECOND, Math.max(1, Math.round(perSecond)))
  const factor = decode / Math.max(1, atLoad.decodeTokensPerSecond)
  return {
    prefillTokensPerSecond: bounded(atLoad.prefillTokensPerSecond * factor),
    decodeTokensPerSecond: bounded(decode),
    judgeTokensPerSecond: bounded(atLoad.judgeTokensPerSecond * factor),
  }
}

/** Whether others should be told at once that an engine is faster or slower than they were told. */
export function isWorthTelling(told: Speed, now: Speed): boolean {
  const factor = now.decodeTokensPerSecond / Math.max(1, told.decodeTokensPerSecond)
  return factor > WORTH_TELLING || factor < 1 / WORTH_TELLING
}
