/**
 * When a node that takes part in a live session counts as lost (SPEC ALIVE-2).
 *
 * Silence is counted in this node's own ticks and not in time: a tab that is suspended or overloaded ticks late just as
 * it hears late, and so does not blame others for its own standstill.
 */

/** Fine enough for a loss to be noticed within 2 s, and rare enough to cost nothing. */
export const TICK_MS = 250

/** 1.5 s of silence, at least a second of it for the answer: several times what a link between continents needs. */
const PATIENCE_TICKS = 6

/**
 * Whole ticks of silence before a node is asked. Of two nodes that watch each other only the first to ask need do so,
 * as its beats tell the other enough.
 */
const BEAT_TICKS = { first: 1, second: 2 }

/** 5 s. Whoever needs longer to say that it is there is of no use to a session. */
const MAX_PATIENCE_TICKS = 20

/** So many usual round trips may pass before silence means something. */
const PATIENCE_ROUND_TRIPS = 3

/** A node without a link is asked over the relay, which costs a connection: only where a session lasts 2 s or more. */
const RELAY_BEAT_TICKS = 8

/** 4 s from the first such beat: the connection is to be made meanwhile. */
const RELAY_PATIENCE_TICKS = 24

/** A longer round trip counts at once, a shorter one by and by, with this weight (that of RFC 6298). */
const ROUND_TRIP_GAIN = 1 / 8

/** The tick under way when a node is heard is no whole tick of silence. */
const JUST_HEARD = -1

export interface Silence {
  /** Whole own ticks since the node was last heard. */
  readonly ticks: number
  /** Whether it ever was. */
  readonly met: boolean
  /** Whether the session counted it as gone when the last tick came. */
  readonly gone: boolean
  /** The usual time from beat to answer, in ms, of the slower ones. */
  readonly roundTripMs: number
  /** At least so many ticks: twice as many each time that the node was declared lost wrongly. */
  readonly patienceTicks: number
}

/** The first beat is due two ticks later: a session of less than half a second ends without any. */
export const newSilence: Silence = {
  ticks: JUST_HEARD,
  met: false,
  gone: false,
  roundTripMs: 0,
  patienceTicks: PATIENCE_TICKS,
}

/** After a standstill of one's own everybody seems silent, and links are made anew: all the patience there is. */
export const silenceAfterStandstill: Silence = { ...newSilence, patienceTicks: MAX_PATIENCE_TICKS }

/** How a node can be asked: over a link, only over the relay, or in no way known to work. */
export type Way = 'link' | 'relay' | 'none'

/** What a tick asks for: to ask the node whether it is there, or to declare it lost. */
export type Act = 'wait' | 'beat' | 'lost'

export interface Standing {
  /** Whether the session counts the node as gone. */
  readonly gone: boolean
  readonly way: Way
  /** Which of the two asks first; the same to both. */
  readonly turn: 'first' | 'second'
}

/** One more tick without a sign of life. Who was never heard and cannot be asked is not known to be silent. */
export function countTick(silence: Silence, { gone, way, turn }: Standing): { silence: Silence; act: Act } {
  if (!gone && !silence.met && way === 'none') return { silence: { ...silence, gone }, act: 'wait' }
  const ticks = silence.ticks + 1
  return { silence: { ...silence, gone, ticks }, act: actAt(ticks) }

  function actAt(ticks: number): Act {
    const again = ticks > 0 && ticks % RELAY_BEAT_TICKS === 0
    // It may have been declared lost wrongly, or come back: asked now and then, where that is cheap.
    if (gone) return again && way === 'link' ? 'beat' : 'wait'
    const stranger = !silence.met && way === 'relay'
    if (ticks >= (stranger ? RELAY_PATIENCE_TICKS : patienceTicks(silence))) return 'lost'
    return (stranger ? again : ticks >= BEAT_TICKS[turn]) ? 'beat' : 'wait'
  }
}

function patienceTicks({ roundTripMs, patienceTicks: least }: Silence): number {
  const needed = Math.ceil((PATIENCE_ROUND_TRIPS * roundTripMs) / TICK_MS)
  return Math.min(MAX_PATIENCE_TICKS, Math.max(least, needed))
}

/** A sign of life. `roundTripMs` is null where it answers no beat of ours. */
export function hearAgain(silence: Silence, roundTripMs: number | null): Silence {
  return {
    ...silence,
    ticks: JUST_HEARD,
    met: true,
    // What a node said that had stood still tells nothing of the link.
    roundTripMs: roundTripMs === null || silence.gone ? silence.roundTripMs : usualRoundTripMs(silence, roundTripMs),
    patienceTicks: silence.gone ? Math.min(MAX_PATIENCE_TICKS, 2 * silence.patienceTicks) : silence.patienceTicks,
  }
}

/** A measured time that holds a standstill of our own is cut down to the ticks that were in it. */
function usualRoundTripMs({ ticks, roundTripMs: usual }: Silence, measuredMs: number): number {
  const ownMs = Math.min(measuredMs, Math.max(1, ticks) * TICK_MS)
  return Math.max(ownMs, usual + (ownMs - usual) * ROUND_TRIP_GAIN)
}
