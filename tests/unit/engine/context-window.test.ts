import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import { answerRoom, fitConversation } from '#adapters/engine/context-window.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { ContextOverflowError } from '#ports/engine.ts'

const count = async (messages: readonly ChatMessage[]): Promise<number> =>
  messages.reduce((sum, { content }) => sum + content.length, 0)

const user = (content: string): ChatMessage => ({ role: 'user', content })
const assistant = (content: string): ChatMessage => ({ role: 'assistant', content })
const system = (content: string): ChatMessage => ({ role: 'system', content })

describe('fitConversation', () => {
  it('leaves a conversation that fits as it is', async () => {
    const messages = [user('a'), assistant('b'), user('c')]
    expect(await fitConversation(messages, 3, count)).toEqual({ messages, droppedTurns: 0 })
  })

  it('leaves out questions together with their answers, oldest first', async () => {
    const messages = [user('aa'), assistant('bb'), user('cc'), assistant('dd'), user('ee')]
    expect(await fitConversation(messages, 7, count)).toEqual({ messages: messages.slice(2), droppedTurns: 1 })
    expect(await fitConversation(messages, 5, count)).toEqual({ messages: messages.slice(4), droppedTurns: 2 })
  })

  it('keeps the instructions', async () => {
    const messages = [system('s'), user('aa'), assistant('bb'), user('cc')]
    expect(await fitConversation(messages, 3, count)).toEqual({ messages: [system('s'), user('cc')], droppedTurns: 1 })
  })

  it('refuses a last turn that does not fit alone', async () => {
    await expect(fitConversation([user('a'), user('too long')], 5, count)).rejects.toThrow(ContextOverflowError)
    await expect(fitConversation([system('too long')], 5, count)).rejects.toThrow(ContextOverflowError)
  })

  it('drops as few turns as possible', async () => {
    const turns = fc.array(fc.nat(20), { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(turns, fc.nat(200), async (lengths, budget) => {
        const messages = lengths.map((length) => user('x'.repeat(length)))
        const last = lengths.at(-1) ?? 0
        if (last > budget) return
        const { messages: kept, droppedTurns } = await fitConversation(messages, budget, count)
        expect(kept).toEqual(messages.slice(droppedTurns))
        expect(await count(kept)).toBeLessThanOrEqual(budget)
        if (droppedTurns > 0) expect(await count(messages.slice(droppedTurns - 1))).toBeGreaterThan(budget)
      }),
    )
  })
})

it('the room for an answer is what was asked for, up to a quarter of the context', () => {
  expect(answerRoom(1024, 64)).toBe(64)
  expect(answerRoom(1024, 4096)).toBe(256)
  expect(answerRoom(1024)).toBe(256)
})
