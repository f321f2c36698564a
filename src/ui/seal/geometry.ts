import type { ExecutorView, SessionView, VerifierView } from '#shell/facade.ts'

/**
 * The seal as shapes, from the session's view alone, in a square of 48 units. Pure, so that the page and an exported
 * file draw the same: one dot an executor, one segment of the ring a verifier.
 */

export const SEAL_SIZE = 48
const CENTRE = SEAL_SIZE / 2
const RING_RADIUS = 20
const DOT_ORBIT = 7.5
/** Of the whole turn, between two segments. */
const GAP_DEGREES = 14

export interface SealDot {
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly state: ExecutorView['state'] | 'won'
}

export interface SealSegment {
  readonly state: VerifierView['state']
  /** The whole segment. Broken into pieces where its verifier was late. */
  readonly track: string
  /** As much of it as the verifier's score for the winner; null before it is known. */
  readonly fill: string | null
  /** Its verifier belongs to whoever looks, or to whoever asked or answered. */
  readonly own: boolean
}

export interface Seal {
  readonly dots: readonly SealDot[]
  /** Empty while nobody judges, and where nobody judged: not verified. */
  readonly segments: readonly SealSegment[]
}

export function drawSeal(view: SessionView): Seal {
  const executors = view.executors.filter((seat) => seat.state !== 'replaced')
  const verifiers = view.verifiers.filter((seat) => seat.state !== 'replaced')
  return {
    dots: executors.map((seat, i) => dot(seat, i, executors.length, view.winner)),
    segments: verifiers.map((seat, i) => segment(seat, i, verifiers.length, view)),
  }
}

function dot(seat: ExecutorView, index: number, count: number, winner: string | null): SealDot {
  const orbit = count === 1 ? 0 : DOT_ORBIT
  // Two dots lie side by side; three and more begin at the top.
  const angle = (index / count) * 360 + (count === 2 ? 270 : 0)
  const [x, y] = point(orbit, angle)
  const won = seat.node === winner
  return { x, y, radius: won ? 5 : 4, state: won ? 'won' : seat.state }
}

function segment(seat: VerifierView, index: number, count: number, view: SessionView): SealSegment {
  const width = 360 / count - GAP_DEGREES
  const from = (index / count) * 360 + GAP_DEGREES / 2
  const score = view.winner === null ? undefined : seat.scores[view.winner]
  return {
    state: seat.state,
    track: seat.state === 'late' ? broken(from, width) : arc(from, width),
    fill: score ? arc(from, (width * score) / 10_000) : null,
    own: seat.own || view.independence === 'own-tabs',
  }
}

/** Two short ends with a hole between them. */
function broken(from: number, width: number): string {
  return `${arc(from, width * 0.22)} ${arc(from + width * 0.78, width * 0.22)}`
}

function arc(from: number, width: number): string {
  const [x1, y1] = point(RING_RADIUS, from)
  const [x2, y2] = point(RING_RADIUS, from + width)
  return `M${x1} ${y1}A${RING_RADIUS} ${RING_RADIUS} 0 ${width > 180 ? 1 : 0} 1 ${x2} ${y2}`
}

/** Degrees run clockwise from the top. */
function point(radius: number, degrees: number): [number, number] {
  const radians = ((degrees - 90) * Math.PI) / 180
  return [round(CENTRE + radius * Math.cos(radians)), round(CENTRE + radius * Math.sin(radians))]
}

const round = (value: number) => Math.round(value * 100) / 100
