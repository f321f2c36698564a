import { describe, expect, it } from 'vitest'
import type { Device, DeviceState } from '#ports/device.ts'

/** A device and the hand that moves it. */
export interface DeviceUnderTest {
  readonly device: Device
  change(change: Partial<Pick<DeviceState, 'visibility' | 'online'>>): void
  /** To another network, without being offline in between. */
  changeNetwork(): void
  leave(): void
  return(): void
  /** Whether the screen is kept on. */
  awake(): boolean
}

/** What is asked of a platform takes a few turns of the event loop. */
const settled = () => new Promise((resolve) => setImmediate(resolve))

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

    it('tells when the network is another, and not when only the page is hidden', () => {
      const { device, change, changeNetwork } = create()
      let changes = 0
      device.onNetworkChange(() => changes++)
      change({ visibility: 'hidden' })
      expect(changes).toBe(0)
      change({ online: false })
      change({ online: true })
      changeNetwork()
      expect(changes).toBe(3)
    })

    it('tells when the page goes away, and when it is back', () => {
      const { device, leave, return: comeBack } = create()
      const told: string[] = []
      device.onLeave(() => told.push('left'))
      device.onReturn(() => told.push('back'))
      leave()
      expect(told).toEqual(['left'])
      comeBack()
      expect(told).toEqual(['left', 'back'])
    })

    it('AWAY-6: keeps the screen on while somebody wishes it and the page is seen', async () => {
      const { device, change, awake } = create()
      const releases = [device.keepAwake(), device.keepAwake()]
      await settled()
      expect(awake()).toBe(true)
      change({ visibility: 'hidden' })
      await settled()
      expect(awake()).toBe(false)
      change({ visibility: 'visible' })
      await settled()
      expect(awake()).toBe(true)
      releases[0]?.()
      releases[0]?.()
      await settled()
      expect(awake()).toBe(true)
      releases[1]?.()
      await settled()
      expect(awake()).toBe(false)
      change({ visibility: 'hidden' })
      change({ visibility: 'visible' })
      await settled()
      expect(awake()).toBe(false)
    })

    it('AWAY-6: a wish withdrawn at once keeps nothing on', async () => {
      const { device, awake } = create()
      device.keepAwake()()
      await settled()
      expect(awake()).toBe(false)
    })

    it('tells nothing to whoever no longer listens', () => {
      const { device, change, changeNetwork, leave, return: comeBack } = create()
      let calls = 0
      const count = () => calls++
      const stops = [
        device.subscribe(count),
        device.onNetworkChange(count),
        device.onLeave(count),
        device.onReturn(count),
      ]
      for (const stop of stops) {
        stop()
        stop()
      }
      change({ visibility: 'hidden', online: false })
      changeNetwork()
      leave()
      comeBack()
      expect(calls).toBe(0)
    })
  })
}
