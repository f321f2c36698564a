import type { Device, DeviceState } from '#ports/device.ts'

export interface FakeDevice extends Device {
  /** Changes the state and tells the subscribers. */
  change(change: Partial<DeviceState>): void
  /** The page goes away. */
  leave(): void
}

export function createFakeDevice(initial: Partial<DeviceState> = {}): FakeDevice {
  let state: DeviceState = {
    visibility: 'visible',
    online: true,
    secureContext: true,
    crossOriginIsolated: true,
    webrtc: true,
    ...initial,
  }
  const listeners = new Set<(state: DeviceState) => void>()
  const leaveListeners = new Set<() => void>()
  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onLeave(listener) {
      leaveListeners.add(listener)
      return () => leaveListeners.delete(listener)
    },
    change(change) {
      state = { ...state, ...change }
      for (const listener of [...listeners]) listener(state)
    },
    leave() {
      for (const listener of [...leaveListeners]) listener()
    },
  }
}
