/** What the machine and the browser allow, and how that changes. */
export interface DeviceState {
  readonly visibility: 'visible' | 'hidden'
  /** False where the machine has no network at all; true promises nothing. */
  readonly online: boolean
  /** False on plain HTTP other than localhost: no crypto.subtle, no service worker, no locks. */
  readonly secureContext: boolean
  readonly crossOriginIsolated: boolean
  readonly webrtc: boolean
  /** The browser had put this page away to save memory, and loaded it again. */
  readonly wasDiscarded: boolean
}

export interface Device {
  state(): DeviceState
  /** Calls back on every change. Returns the cancellation. */
  subscribe(listener: (state: DeviceState) => void): () => void
  /** The machine lost its network, has one again, or moved to another: links may be dead though nothing says so. */
  onNetworkChange(listener: () => void): () => void
  /** The page is about to go away (`pagehide`) or to be frozen: a last chance to say good-bye. It may come back. */
  onLeave(listener: () => void): () => void
  /** The page was frozen, or kept for the back button, and runs again. */
  onReturn(listener: () => void): () => void
  /**
   * Asks that the screen stay on while this page is seen, until the release is called. A wish: where the platform
   * refuses, nothing happens.
   */
  keepAwake(): () => void
}
