import { expect, test } from 'vitest'
import { MAX_TASK_BYTES } from '#core/protocol/limits.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { prepareConversation } from '#shell/question.ts'

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
  expect(prepareConversation(messages)).toEqual(messages)
})

test('of a long one whole oldest turns are left out, never the instructions, and it begins with a question', () => {
  const long = 'x'.repeat(MAX_TASK_BYTES / 2)
  const kept = prepareConversation([
    turn('system', 'be brief'),
    turn('user', long),
    turn('assistant', long),
    turn('user', 'why?'),
  ])
  expect(kept).toEqual([turn('system', 'be brief'), turn('user', 'why?')])
})

test('a question beyond all bounds is refused, in bytes rather than letters', () => {
  const messages = [turn('user', '€'.repeat(MAX_TASK_BYTES / 3))]
  expect(() => prepareConversation(messages)).toThrow(expect.objectContaining({ name: 'PromptTooLongError' }))
})
