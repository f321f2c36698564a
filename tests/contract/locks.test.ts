import { expect, it } from 'vitest'
import { createLocks } from '#adapters/locks/create-locks.ts'
import { createFakeProfileLocks } from '#support/fake-locks.ts'
import { locksContract } from './locks.contract.ts'

// The Web Locks API itself is put to the same questions in a browser (tests/browser/identity.spec.ts).
locksContract('this page only', () => {
  const locks = createLocks(undefined)
  return [locks, locks]
})
locksContract('fake', () => {
  const openTab = createFakeProfileLocks()
  return [openTab(), openTab()]
})

it('says whether locks reach other tabs', () => {
  expect(createLocks(undefined).shared).toBe(false)
  expect(createFakeProfileLocks()().shared).toBe(true)
})

it('fake: a closed tab frees what it held and waits for nothing', async () => {
  const openTab = createFakeProfileLocks()
  const [one, other] = [openTab(), openTab()]
  await one.acquire('a')
  const waiting = other.acquire('a')
  one.closeTab()
  const release = await waiting
  const late = openTab()
  const never = late.acquire('a')
  late.closeTab()
  await expect(never).rejects.toThrow()
  release()
})
