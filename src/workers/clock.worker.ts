import { createTimeoutAlarm } from '#adapters/clock/timeout-alarm.ts'
import type { AlarmOrder } from '#adapters/clock/worker-alarm.ts'

/** Timers that go on when the page is hidden. */
const alarm = createTimeoutAlarm((id) => postMessage(id))

onmessage = ({ data: { id, delayMs } }: MessageEvent<AlarmOrder>) => {
  if (delayMs === null) alarm.clear(id)
  else alarm.set(id, delayMs)
}
