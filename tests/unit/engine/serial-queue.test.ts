import { expect, it } from 'vitest'
import { SerialQueue } from '#adapters/engine/serial-queue.ts'

const gate = () => {
  let open: () => void = () => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  return { open, opened }
}

it('runs tasks in order, also after one that failed', async () => {
  const queue = new SerialQueue()
  const { open, opened } = gate()
  const ran: number[] = []
  const first = queue.run(async () => {
    await opened
    ran.push(1)
    throw new Error('first')
  })
  const second = queue.run(async () => ran.push(2))
  open()
  await expect(first).rejects.toThrow('first')
  await second
  expect(ran).toEqual([1, 2])
})

it('rejects at once what is aborted while it waits, and never runs it', async () => {
  const queue = new SerialQueue()
  const { open, opened } = gate()
  const blocking = queue.run(() => opened)
  const abort = new AbortController()
  let ran = false
  const waiting = queue.run(async () => (ran = true), abort.signal)
  abort.abort()
  await expect(waiting).rejects.toBe(abort.signal.reason)
  open()
  await blocking
  await queue.run(async () => {})
  expect(ran).toBe(false)
})
