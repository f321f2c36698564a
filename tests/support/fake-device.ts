import type { Device, DeviceState } from '#ports/device.ts'

export interface FakeDevice extends Device {
  /** Changes the state and tells the subscribers. */
  change(change: Partial<DeviceState>): void
  /** The machine moves to another network. */
  changeNetwork(): void
  /** The page goes away. */
  leave(): void
  /** It is back. */
  return(): void
  /** Whether the screen is kept on now. */
  readonly awake: boolean
}

/** Listeners of one kind. */
class Listeners<Args extends unknown[]> {
  readonly #listeners = new Set<(...args: Args) => void>()

  readonly add = (listener: (...args: Args) => void) => {
    // The same function may listen twice.
    const own = (...args: Args) => listener(...args)
    this.#listeners.add(own)
    return () => void this.#listeners.delete(own)
  }

  tell(...args: Args): void {
    for (const listener of [...this.#listeners]) listener(...args)
  }
}

export function createFakeDevice(initial: Partial<DeviceState> = {}): FakeDevice {
  let state: DeviceState = {
    visibility: 'visible',
    online: true,
    secureContext: true,
    crossOriginIsolated: true,
    webrtc: true,
    wasDiscarded: false,
    ...initial,
  }
  const changed = new Listeners<[DeviceState]>()
  const [network, left, returned] = [new Listeners<[]>(), new Listeners<[]>(), new Listeners<[]>()]
  const wishes = new Set<object>()
  return {
    state: () => state,
    subscribe: changed.add,
    onNetworkChange: network.add,
    onLeave: left.add,
    onReturn: returned.add,
    keepAwake() {
      const wish = {}
      wishes.add(wish)
      return () => void wishes.delete(wish)
    },
    get awake() {
      return wishes.size > 0 && state.visibility === 'visible'
    },
    change(change) {
      const before = state
      state = { ...state, ...change }
      changed.tell(state)
      if (state.online !== before.online) network.tell()
    },
    changeNetwork: () => network.tell(),
    leave: () => left.tell(),
    return: () => returned.tell(),
  }
}
