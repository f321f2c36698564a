import type { Device, DeviceState } from '#ports/device.ts'
import { createWakeLock } from './wake-lock.ts'

/** The Network Information API, where there is one. */
interface NetworkInformation extends EventTarget {
  readonly type?: string
  readonly effectiveType?: string
}

/** What this page's window tells of the machine. */
export function createBrowserDevice(window: Window & typeof globalThis): Device {
  const { document } = window
  const navigator = window.navigator as Navigator & { readonly connection?: NetworkInformation }

  function state(): DeviceState {
    return {
      visibility: document.visibilityState,
      online: navigator.onLine,
      secureContext: window.isSecureContext,
      crossOriginIsolated: window.crossOriginIsolated,
      webrtc: 'RTCPeerConnection' in window,
      wasDiscarded: (document as { wasDiscarded?: boolean }).wasDiscarded ?? false,
    }
  }

  /** Its event also tells every new estimate of the line's speed, which is no other network. */
  const network = () => `${navigator.connection?.type}/${navigator.connection?.effectiveType}`

  return {
    state,
    subscribe(listener) {
      const tell = () => listener(state())
      return listen([
        [document, 'visibilitychange', tell],
        [window, 'online', tell],
        [window, 'offline', tell],
      ])
    },
    onNetworkChange(listener) {
      let before = network()
      const onEstimate = () => {
        if (network() === before) return
        before = network()
        listener()
      }
      return listen([
        [window, 'online', listener],
        [window, 'offline', listener],
        ...(navigator.connection ? ([[navigator.connection, 'change', onEstimate]] as const) : []),
      ])
    },
    onLeave: (listener) =>
      listen([
        [window, 'pagehide', listener],
        // A frozen page answers nobody, and is often discarded without another word.
        [document, 'freeze', listener],
      ]),
    onReturn: (listener) =>
      listen([
        [document, 'resume', listener],
        [window, 'pageshow', (event) => (event as PageTransitionEvent).persisted && listener()],
      ]),
    keepAwake: createWakeLock(window),
  }
}

type Listening = readonly [target: EventTarget, type: string, listener: (event: Event) => void]

function listen(listenings: readonly Listening[]): () => void {
  const stop = new AbortController()
  for (const [target, type, listener] of listenings) target.addEventListener(type, listener, { signal: stop.signal })
  return () => stop.abort()
}
