import { describe, expect, it } from 'vitest'
import { createLoadMark } from '#adapters/device/load-mark.ts'
import type { LoadMark } from '#ports/load-mark.ts'
import { createFakeLoadMark } from '#support/fake-load-mark.ts'

/** Each call opens another page of one profile. */
function loadMarkContract(name: string, create: () => () => LoadMark): void {
  describe(`${name}: load mark`, () => {
    it('AWAY-5: outlives the page that set it, until another clears it', () => {
      const open = create()
      expect(open().read()).toBeNull()
      open().set('large')
      expect(open().read()).toBe('large')
      open().clear()
      expect(open().read()).toBeNull()
    })
  })
}

function storage() {
  const items = new Map<string, string>()
  return {
    getItem: (key: string) => items.get(key) ?? null,
    setItem: (key: string, value: string) => void items.set(key, value),
    removeItem: (key: string) => void items.delete(key),
  }
}

loadMarkContract('fake', createFakeLoadMark)
loadMarkContract('localStorage', () => {
  const kept = storage()
  return () => createLoadMark({ storage: kept })
})

it('AWAY-5: a page that is closed while it loads has not broken off, and takes no other page’s mark along', () => {
  const kept = storage()
  const leaving: (() => void)[] = []
  const onLeave = (listener: () => void) => leaving.push(listener)
  createLoadMark({ storage: kept, onLeave }).set('large')
  createLoadMark({ storage: kept, onLeave })
  leaving[1]?.()
  expect(createLoadMark({ storage: kept }).read()).toBe('large')
  leaving[0]?.()
  expect(createLoadMark({ storage: kept }).read()).toBeNull()
})

it('AWAY-5: where storage is blocked, nothing is marked and nothing fails', () => {
  const refuse = () => {
    throw new DOMException('blocked', 'SecurityError')
  }
  for (const blocked of [null, { getItem: refuse, setItem: refuse, removeItem: refuse }]) {
    const mark = createLoadMark({ storage: blocked })
    mark.set('large')
    mark.clear()
    expect(mark.read()).toBeNull()
  }
})
