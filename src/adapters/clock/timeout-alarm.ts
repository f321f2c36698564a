import type { Alarm } from './alarm.ts'

/** Alarms of this thread. */
export function createTimeoutAlarm(ring: (id: number) => void): Alarm {
  const handles = new Map<number, ReturnType<typeof setTimeout>>()
  return {
    set(id, delayMs) {
      const onTimeout = () => {
        handles.delete(id)
        ring(id)
      }
      handles.set(id, setTimeout(onTimeout, delayMs))
    },
    clear(id) {
      clearTimeout(handles.get(id))
      handles.delete(id)
    },
  }
}
