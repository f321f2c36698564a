import type { Device, DeviceState } from '#ports/device.ts'

/**
 * What this page's window tells of the machine. A page that was frozen or kept in the back-forward cache tells its
 * subscribers when it is back, even if nothing else changed: its links are most likely dead.
 */
export function createBrowserDevice(window: Window & typeof globalThis): Device {
  const { document, navigator } = window

  function state(): DeviceState {
    return {
      visibility: document.visibilityState,
      online: navigator.onLine,
      secureContext: window.isSecureContext,
      crossOriginIsolated: window.crossOriginIsolated,
      webrtc: 'RTCPeerConnection' in window,
    }
  }

  return {
    state,
    subscribe(listener) {
      const tell = () => listener(state())
      return listen([
        [document, 'visibilitychange', tell],
        [document, 'resume', tell],
        [window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && tell()],
        [window, 'online', tell],
        [window, 'offline', tell],
      ])
    },
    onLeave: (listener) =>
      listen([
        [window, 'pagehide', listener],
        // A frozen page answers nobody, and is often discarded without another word.
        [document, 'freeze', listener],
      ]),
  }
}

type Listening = readonly [target: EventTarget, type: string, listener: (event: Event) => void]

function listen(listenings: readonly Listening[]): () => void {
  const stop = new AbortController()
  for (const [target, type, listener] of listenings) target.addEventListener(type, listener, { signal: stop.signal })
  return () => stop.abort()
}
