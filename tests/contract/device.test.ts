import { expect, it } from 'vitest'
import { createBrowserDevice } from '#adapters/device/create-browser-device.ts'
import { createFakeDevice } from '#support/fake-device.ts'
import { deviceContract, type DeviceUnderTest } from './device.contract.ts'

/** A screen wake lock as browsers give it: taken away when the page is hidden. */
class Screen {
  readonly #held = new Set<EventTarget>()
  requests = 0
  refuses = false

  get awake(): boolean {
    return this.#held.size > 0
  }

  request(): Promise<EventTarget> {
    this.requests++
    if (this.refuses) return Promise.reject(new DOMException('low battery', 'NotAllowedError'))
    const sentinel = Object.assign(new EventTarget(), { release: () => Promise.resolve(this.#drop(sentinel)) })
    this.#held.add(sentinel)
    return Promise.resolve(sentinel)
  }

  hidden(): void {
    for (const sentinel of this.#held) this.#drop(sentinel)
  }

  #drop(sentinel: EventTarget): void {
    if (this.#held.delete(sentinel)) sentinel.dispatchEvent(new Event('release'))
  }
}

/** As much of a window as the adapter reads; the events are what browsers send. */
function openWindow({ wakeLock = true } = {}) {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const connection = Object.assign(new EventTarget(), { type: 'wifi', effectiveType: '4g' })
  const screen = new Screen()
  const navigator = { onLine: true, connection, ...(wakeLock ? { wakeLock: screen } : {}) }
  const window = Object.assign(new EventTarget(), {
    document,
    navigator,
    isSecureContext: true,
    crossOriginIsolated: false,
    RTCPeerConnection: () => undefined,
  })
  const show = (visibility: string) => {
    document.visibilityState = visibility
    if (visibility === 'hidden') screen.hidden()
    document.dispatchEvent(new Event('visibilitychange'))
  }
  return { window, document, navigator, connection, screen, show }
}

const deviceOf = ({ window }: ReturnType<typeof openWindow>) =>
  createBrowserDevice(window as unknown as Window & typeof globalThis)

function windowDevice(): DeviceUnderTest {
  const opened = openWindow()
  const { window, document, navigator, connection, screen, show } = opened
  return {
    device: deviceOf(opened),
    change({ visibility, online }) {
      if (visibility !== undefined) show(visibility)
      if (online !== undefined) {
        navigator.onLine = online
        window.dispatchEvent(new Event(online ? 'online' : 'offline'))
      }
    },
    changeNetwork() {
      connection.type = 'cellular'
      connection.dispatchEvent(new Event('change'))
    },
    leave: () => void window.dispatchEvent(new Event('pagehide')),
    return: () => void document.dispatchEvent(new Event('resume')),
    awake: () => screen.awake,
  }
}

deviceContract('window', windowDevice)
deviceContract('fake', () => {
  const device = createFakeDevice()
  return { ...device, device, awake: () => device.awake }
})

it('window: reads what the browser allows', () => {
  expect(windowDevice().device.state()).toEqual({
    visibility: 'visible',
    online: true,
    secureContext: true,
    crossOriginIsolated: false,
    webrtc: true,
    wasDiscarded: false,
  })
  const opened = openWindow()
  Object.assign(opened.document, { wasDiscarded: true })
  expect(deviceOf(opened).state().wasDiscarded).toBe(true)
})

it('AWAY-1: window: says good-bye before it is frozen, and tells when it is back, from the back button too', () => {
  const opened = openWindow()
  const { document, window } = opened
  const device = deviceOf(opened)
  let [left, back] = [0, 0]
  device.onLeave(() => left++)
  device.onReturn(() => back++)
  document.dispatchEvent(new Event('freeze'))
  expect([left, back]).toEqual([1, 0])
  document.dispatchEvent(new Event('resume'))
  expect(back).toBe(1)
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  expect(back).toBe(2)
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
  expect(back).toBe(2)
})

it('AWAY-4: window: another estimate of the same line is no other network', () => {
  const opened = openWindow()
  let changes = 0
  deviceOf(opened).onNetworkChange(() => changes++)
  opened.connection.dispatchEvent(new Event('change'))
  expect(changes).toBe(0)
})

it.each([
  ['is refused', (opened: ReturnType<typeof openWindow>) => void (opened.screen.refuses = true)],
  ['is not there', () => undefined],
])(
  'AWAY-6: window: a wake lock that %s is no error, and is asked for again when the page is seen',
  async (what, set) => {
    const opened = openWindow({ wakeLock: what === 'is refused' })
    set(opened)
    const device = deviceOf(opened)
    const release = device.keepAwake()
    await new Promise((resolve) => setImmediate(resolve))
    expect(opened.screen.awake).toBe(false)
    opened.screen.refuses = false
    opened.show('hidden')
    opened.show('visible')
    await new Promise((resolve) => setImmediate(resolve))
    expect(opened.screen.awake).toBe(what === 'is refused')
    release()
    await new Promise((resolve) => setImmediate(resolve))
    expect(opened.screen.awake).toBe(false)
  },
)
