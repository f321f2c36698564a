import { expect, test } from 'vitest'
import { AwakeClock } from '#shell/awake-clock.ts'
import { SleepyClock } from '#support/sleepy-clock.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const MINUTE = 60_000

function openTab(kind: 'goes on' | 'stops') {
  const world = createVirtualClock({ nowMs: 1_000_000 })
  const machine = new SleepyClock(world, kind)
  const clock = new AwakeClock(machine)
  const standstills: number[] = []
  clock.start((durationMs) => standstills.push(durationMs))
  return { world, machine, clock, standstills }
}

test.each(['goes on', 'stops'] as const)(
  'AWAY-2: ten minutes of sleep are left out of the time, where the monotonic clock %s',
  async (kind) => {
    const { world, machine, clock, standstills } = openTab(kind)
    await world.advanceBy(1000)
    const fired: string[] = []
    const before = clock.now()
    clock.setTimer(before + 3000, () => fired.push(`a ${Math.round(clock.now() - before)}`))
    clock.setTimer(before + 20_000, () => fired.push(`b ${Math.round(clock.now() - before)}`))
    machine.sleep(10 * MINUTE)
    await world.advanceBy(10 * MINUTE - 1)
    expect(fired).toEqual([])
    await world.advanceBy(6000)
    expect(fired).toEqual(['a 3000'])
    expect(standstills).toHaveLength(1)
    expect(standstills[0]).toBeGreaterThanOrEqual(10 * MINUTE - 5000)
    expect(standstills[0]).toBeLessThanOrEqual(10 * MINUTE)
    await world.advanceBy(20_000)
    expect(fired).toEqual(['a 3000', 'b 20000'])
    expect(standstills).toHaveLength(1)
  },
)

test('AWAY-2: whoever reads the clock first after a standstill finds the time as it was, before any timer rings', async () => {
  const { world, machine, clock, standstills } = openTab('goes on')
  await world.advanceBy(1000)
  const before = clock.now()
  machine.sleep(MINUTE)
  await world.advanceBy(MINUTE - 1)
  expect(clock.now() - before).toBeLessThanOrEqual(5000)
  await world.settle()
  expect(standstills).toHaveLength(1)
})

test('AWAY-2: timers a second late, as in hidden tabs, are no standstill', async () => {
  const world = createVirtualClock()
  const late = { ...world, now: world.now, setTimer: (at: number, act: () => void) => world.setTimer(at + 1000, act) }
  const clock = new AwakeClock(late)
  const standstills: number[] = []
  clock.start((durationMs) => standstills.push(durationMs))
  const before = clock.now()
  let rung = 0
  clock.setTimer(before + 500, () => (rung = clock.now() - before))
  await world.advanceBy(5 * MINUTE)
  expect([rung, standstills]).toEqual([1500, []])
  expect(clock.now() - before).toBe(5 * MINUTE)
})

test('TIME-1: a timer rings once, at its time on a clock that stood still, or never where it was cancelled', async () => {
  const { world, machine, clock } = openTab('goes on')
  const before = clock.now()
  const rung: number[] = []
  clock.setTimer(before - 5, () => rung.push(clock.now() - before))
  const cancel = clock.setTimer(before + 8000, () => rung.push(-1))
  clock.setTimer(before + 9000, () => rung.push(clock.now() - before))
  machine.sleep(MINUTE)
  await world.advanceBy(MINUTE + 2000)
  cancel()
  await world.advanceBy(MINUTE)
  expect(rung).toHaveLength(2)
  expect(rung[1]).toBeGreaterThanOrEqual(9000)
  expect(rung[1]).toBeLessThan(9001)
})

test('a stopped clock leaves no timer behind', async () => {
  const { world, clock } = openTab('goes on')
  await world.advanceBy(12_000)
  clock.stop()
  expect(world.pending).toBe(0)
})
