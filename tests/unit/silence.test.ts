import { expect, test } from 'vitest'
import { countTick, hearAgain, newSilence, TICK_MS, type Act, type Silence, type Way } from '#core/swarm/silence.ts'

/** Ticks until there is something else to do than to wait or to ask, at most `most`. Returns all that was done. */
function ticks(silence: Silence, most: number, way: Way = 'link', gone = false): { silence: Silence; acts: Act[] } {
  const acts: Act[] = []
  while (acts.length < most && acts.at(-1) !== 'lost') {
    const counted = countTick(silence, { gone, way, turn: 'first' })
    silence = counted.silence
    acts.push(counted.act)
  }
  return { silence, acts }
}

const lostAfterMs = (silence: Silence, way?: Way): number => ticks(silence, 100, way).acts.length * TICK_MS

test('ALIVE-2: a linked node that says nothing is lost within 2 s, from the first moment and at any later one', () => {
  expect(lostAfterMs(newSilence)).toBeLessThanOrEqual(2000)
  const met = hearAgain(newSilence, 20)
  // Whole ticks; up to one more passes between the last sign of life and the first of them.
  expect(lostAfterMs(met)).toBeGreaterThanOrEqual(1500)
  expect(lostAfterMs(met) + TICK_MS).toBeLessThanOrEqual(2000)
})

test('ALIVE-2: it is asked in the second silent tick, and has more than a second to answer', () => {
  const { acts } = ticks(hearAgain(newSilence, 20), 100)
  expect(acts.slice(0, 2)).toEqual(['wait', 'beat'])
  expect((acts.length - 2) * TICK_MS).toBeGreaterThan(1000)
})

test('ALIVE-2: a node that hears the other ask need not ask itself', () => {
  let silence = newSilence
  const acts: Act[] = []
  // The other asks every second tick, give or take one.
  for (const pause of [2, 2, 2, 1, 2]) {
    for (let tick = 0; tick < pause; tick++) {
      const counted = countTick(silence, { gone: false, way: 'link', turn: 'second' })
      silence = counted.silence
      acts.push(counted.act)
    }
    silence = hearAgain(silence, null)
  }
  expect(new Set(acts)).toEqual(new Set(['wait']))
})

test('ALIVE-2: a node that answers is never lost, however long the session', () => {
  let silence = newSilence
  for (let round = 0; round < 1000; round++) {
    const { silence: asked, acts } = ticks(silence, 2)
    expect(acts).not.toContain('lost')
    silence = hearAgain(asked, 100)
  }
})

test('ALIVE-2: a slow link is given three of its round trips, and no link more than 5 s', () => {
  let silence = ticks(newSilence, 6).silence
  for (let round = 0; round < 50; round++) silence = hearAgain({ ...silence, ticks: 4 }, 900)
  expect(lostAfterMs(silence)).toBeGreaterThanOrEqual(3 * 900)
  for (let round = 0; round < 50; round++) silence = hearAgain({ ...silence, ticks: 100 }, 20_000)
  expect(lostAfterMs(silence)).toBeLessThanOrEqual(5000 + TICK_MS)
})

test('ALIVE-2: an answer that our own standstill held up makes the link no slower', () => {
  const asked = ticks(hearAgain(newSilence, 20), 2).silence
  expect(lostAfterMs(hearAgain(asked, 60_000))).toBe(lostAfterMs(hearAgain(asked, 20)))
})

test('ALIVE-2: who was declared lost wrongly is given twice as long', () => {
  const met = hearAgain(newSilence, 20)
  const { silence } = ticks({ ...met }, 1, 'link', true)
  expect(lostAfterMs(hearAgain(silence, 20))).toBeGreaterThan(1.8 * lostAfterMs(met))
})

test('ALIVE-1: a node without a link is asked over the relay, late and with more patience', () => {
  const { acts } = ticks(newSilence, 100, 'relay')
  expect(acts.indexOf('beat') * TICK_MS).toBeGreaterThanOrEqual(2000)
  expect((acts.length - acts.indexOf('beat')) * TICK_MS).toBeGreaterThanOrEqual(4000)
  expect(acts.at(-1)).toBe('lost')
  // Once met it is like any other.
  expect(lostAfterMs(hearAgain(newSilence, 50), 'relay')).toBeLessThanOrEqual(2000)
})

test('ALIVE-1: who cannot be asked and was never heard is not known to be lost', () => {
  expect(new Set(ticks(newSilence, 200, 'none').acts)).toEqual(new Set(['wait']))
})

test('ALIVE-2: who is gone is asked now and then where a link is up, and not otherwise', () => {
  const { acts } = ticks(hearAgain(newSilence, 20), 80, 'link', true)
  expect(acts.filter((act) => act === 'beat').length).toBeGreaterThanOrEqual(9)
  expect(acts.filter((act) => act === 'beat').length).toBeLessThanOrEqual(11)
  expect(ticks(newSilence, 80, 'relay', true).acts).not.toContain('beat')
})
