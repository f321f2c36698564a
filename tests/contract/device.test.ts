import { expect, it } from 'vitest'
import { createBrowserDevice } from '#adapters/device/create-browser-device.ts'
import { createFakeDevice } from '#support/fake-device.ts'
import { deviceContract, type DeviceUnderTest } from './device.contract.ts'

/** As much of a window as the adapter reads; the events are what browsers send. */
function windowDevice(): DeviceUnderTest & { readonly document: EventTarget; readonly window: EventTarget } {
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' })
  const navigator = { onLine: true }
  const window = Object.assign(new EventTarget(), {
    document,
    navigator,
    isSecureContext: true,
    crossOriginIsolated: false,
    RTCPeerConnection: () => undefined,
  })
  return {
    window,
    document,
    device: createBrowserDevice(window as unknown as Window & typeof globalThis),
    change({ visibility, online }) {
      if (visibility !== undefined) {
        document.visibilityState = visibility
        document.dispatchEvent(new Event('visibilitychange'))
      }
      if (online !== undefined) {
        navigator.onLine = online
        window.dispatchEvent(new Event(online ? 'online' : 'offline'))
      }
    },
    leave: () => void window.dispatchEvent(new Event('pagehide')),
  }
}

deviceContract('window', windowDevice)
deviceContract('fake', () => {
  const device = createFakeDevice()
  return { device, change: device.change, leave: device.leave }
})

it('window: reads what the browser allows', () => {
  expect(windowDevice().device.state()).toEqual({
    visibility: 'visible',
    online: true,
    secureContext: true,
    crossOriginIsolated: false,
    webrtc: true,
  })
})

it('window: says good-bye before it is frozen, and tells when it is back', () => {
  const { device, document, window } = windowDevice()
  let [left, told] = [0, 0]
  device.onLeave(() => left++)
  device.subscribe(() => told++)
  document.dispatchEvent(new Event('freeze'))
  expect([left, told]).toEqual([1, 0])
  document.dispatchEvent(new Event('resume'))
  expect(told).toBe(1)
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: true }))
  expect(told).toBe(2)
  window.dispatchEvent(Object.assign(new Event('pageshow'), { persisted: false }))
  expect(told).toBe(2)
})
