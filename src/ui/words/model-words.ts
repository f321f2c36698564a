import type { LoadProgress } from '#ports/engine.ts'
import type { Fit, RunsOn, ShelfOffer } from '#ports/model-shelf.ts'
import { formatBytes, formatDuration } from './format.ts'

/** What larger models say about themselves, in words. */

const FITS: Record<Fit, string> = {
  good: 'fits this device',
  tight: 'runs here, and leaves little memory for other pages',
  'no-f16': 'needs 16-bit floats, which the graphics device here lacks',
  'little-memory': 'needs more memory than this device has to give',
  'small-gpu': 'needs a larger graphics device',
  'little-disk': 'needs more room on the disk',
}
export const fitWords = (fit: Fit): string => FITS[fit]
export const runsHere = (fit: Fit): boolean => fit === 'good' || fit === 'tight'

/** In the order in which they are offered. */
export const KINDS: readonly { readonly runsOn: RunsOn; readonly label: string }[] = [
  { runsOn: 'graphics', label: 'On the graphics device' },
  { runsOn: 'processor', label: 'On the processor: slow' },
]

const RUNS: Record<RunsOn, string> = {
  graphics: 'on the graphics device',
  processor: 'slow: on the processor',
}
export const runsWords = (runsOn: RunsOn): string => RUNS[runsOn]

/** "about 695.0 MB", "120.0 MB of 695.0 MB are here". */
export function downloadWords({ downloaded, keptBytes, downloadBytes }: ShelfOffer): string {
  if (downloaded) return 'on this device'
  const whole = formatBytes(downloadBytes)
  return keptBytes > 0 ? `${formatBytes(keptBytes)} of ${whole} are here` : `about ${whole}`
}

/** A moment of a download. */
export interface Moment extends LoadProgress {
  readonly atMs: number
}

/** Speed is that of the last seconds: a line is quick at one time and slow at another. */
const WINDOW_MS = 10_000

/** The moments that still tell the speed, with a new one; the oldest kept is just outside of the window. */
export function withMoment(moments: readonly Moment[], moment: Moment): Moment[] {
  const last = moments.at(-1)
  if (last && moment.loadedBytes < last.loadedBytes) return [moment]
  const recent = moments.filter(({ atMs }) => moment.atMs - atMs < WINDOW_MS)
  const before = moments.at(-recent.length - 1)
  return [...(before && recent.length < moments.length ? [before] : []), ...recent, moment]
}

/** "120.0 MB of 695.0 MB, 8.2 MB/s, 1 min 10 s left". */
export function paceWords(moments: readonly Moment[]): string {
  const [first] = moments
  const last = moments.at(-1)
  if (!first || !last) return 'asking the host'
  const sizes = `${formatBytes(last.loadedBytes)} of ${formatBytes(last.totalBytes)}`
  const bytes = last.loadedBytes - first.loadedBytes
  if (bytes <= 0 || last.atMs - first.atMs < 1000) return sizes
  const perMs = bytes / (last.atMs - first.atMs)
  const leftMs = Math.ceil((last.totalBytes - last.loadedBytes) / perMs / 1000) * 1000
  const left = leftMs === 0 ? 'done' : `${formatDuration(leftMs).replace('.0 s', ' s')} left`
  return `${sizes}, ${formatBytes(Math.round(perMs * 1000))}/s, ${left}`
}
