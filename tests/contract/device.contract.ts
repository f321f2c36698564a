import { describe, expect, it } from 'vitest'
import type { Device, DeviceState } from '#ports/device.ts'

/** A device and the hand that moves it. */
export interface DeviceUnderTest {
  readonly device: Device
  change(change: Partial<Pick<DeviceState, 'visibility' | 'online'>>): void
  leave(): void
}

export function deviceContract(name: string, create: () => DeviceUnderTest): void {
  describe(`${name}: device`, () => {
    it('tells every change of visibility and connection', () => {
      const { device, change } = create()
      const told: DeviceState[] = []
      device.subscribe((state) => told.push(state))
      expect(device.state()).toMatchObject({ visibility: 'visible', online: true })
      change({ visibility: 'hidden' })
      change({ online: false })
      change({ online: true, visibility: 'visible' })
      expect(told.slice(0, 2)).toMatchObject([
        { visibility: 'hidden', online: true },
        { visibility: 'hidden', online: false },
      ])
      expect(told.at(-1)).toEqual(device.state())
      expect(device.state()).toMatchObject({ visibility: 'visible', online: true })
    })

    it('tells when the page goes away', () => {
      const { device, leave } = create()
      let left = 0
      device.onLeave(() => left++)
      leave()
      expect(left).toBe(1)
    })

    it('tells nothing to whoever no longer listens', () => {
      const { device, change, leave } = create()
      let calls = 0
      const stops = [device.subscribe(() => calls++), device.onLeave(() => calls++)]
      for (const stop of stops) {
        stop()
        stop()
      }
      change({ visibility: 'hidden' })
      leave()
      expect(calls).toBe(0)
    })
  })
}
