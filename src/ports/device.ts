/** What the machine and the browser allow, and how that changes. */
export interface DeviceState {
  readonly visibility: 'visible' | 'hidden'
  readonly online: boolean
  /** False on plain HTTP other than localhost: no crypto.subtle, no service worker, no locks. */
  readonly secureContext: boolean
  readonly crossOriginIsolated: boolean
  readonly webrtc: boolean
}

export interface Device {
  state(): DeviceState
  /** Calls back on every change. Returns the cancellation. */
  subscribe(listener: (state: DeviceState) => void): () => void
  /** The page is about to go away (`pagehide`): a last chance to say good-bye. */
  onLeave(listener: () => void): () => void
}
