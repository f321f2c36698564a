import { expect, test } from 'vitest'
import { MAX_TASK_BYTES } from '#core/protocol/limits.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { prepareConversation } from '#shell/question.ts'
import { openSwarm } from '#support/open-swarm.ts'

const turn = (role: ChatMessage['role'], content: string): ChatMessage => ({ role, content })

test.each([
  ['nothing at all', []],
  ['white space', [turn('user', ' \n')]],
  ['an answer at the end', [turn('user', 'hi'), turn('assistant', 'hello')]],
])('%s is no question', (_, messages) => {
  expect(() => prepareConversation(messages)).toThrow(expect.objectContaining({ name: 'EmptyPromptError' }))
})

test('a conversation that fits is sent whole', () => {
  const messages = [turn('system', 'be brief'), turn('user', 'hi'), turn('assistant', 'hello'), turn('user', 'why?')]
  expect(prepareConversation(messages)).toEqual({ messages, droppedTurns: 0 })
})

test('LEAD-14: of a long one whole oldest turns are left out, never the instructions, and it begins with a question', () => {
  const long = 'x'.repeat(MAX_TASK_BYTES / 2)
  const kept = prepareConversation([
    turn('system', 'be brief'),
    turn('user', long),
    turn('assistant', long),
    turn('user', 'why?'),
  ])
  expect(kept).toEqual({ messages: [turn('system', 'be brief'), turn('user', 'why?')], droppedTurns: 1 })
})

test('a question beyond all bounds is refused, in bytes rather than letters', () => {
  const messages = [turn('user', '€'.repeat(MAX_TASK_BYTES / 3))]
  expect(() => prepareConversation(messages)).toThrow(expect.objectContaining({ name: 'PromptTooLongError' }))
})

test('LEAD-14: what was left out of a question is told with its answer', async () => {
  const { clock, nodes } = await openSwarm(1, { msPerToken: 4 })
  const long = 'x'.repeat(MAX_TASK_BYTES / 2)
  const asked = nodes[0]?.tab?.shell.ask([
    turn('user', long),
    turn('assistant', 'so it is'),
    turn('user', long),
    turn('assistant', 'so it is'),
    turn('user', 'why?'),
  ])
  await clock.advanceBy(10_000)
  expect((await asked)?.view.droppedTurns).toBe(1)
})
