import { utf8ToBytes } from '#core/bytes.ts'
import { MAX_TASK_BYTES } from '#core/protocol/limits.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { EmptyPromptError, PromptTooLongError } from './errors.ts'

export interface Conversation {
  readonly messages: readonly ChatMessage[]
  /** Oldest questions left out, with all that follows each. */
  readonly droppedTurns: number
}

/**
 * The conversation as it is sent: whole oldest turns are left out until it fits a session (SPEC LEAD-14). Throws `EmptyPromptError`,
 * `PromptTooLongError`.
 */
export function prepareConversation(messages: readonly ChatMessage[]): Conversation {
  const last = messages.at(-1)
  if (!last || last.role !== 'user' || last.content.trim() === '') throw new EmptyPromptError('the prompt is empty')
  const system = messages.filter((message) => message.role === 'system')
  let turns = messages.filter((message) => message.role !== 'system')
  while (sizeBytes([...system, ...turns]) > MAX_TASK_BYTES && turns.length > 1) {
    turns = turns.slice(1)
    while (turns[0]?.role === 'assistant') turns = turns.slice(1)
  }
  const fitting = [...system, ...turns]
  if (sizeBytes(fitting) > MAX_TASK_BYTES) {
    throw new PromptTooLongError(`a question may have ${MAX_TASK_BYTES} bytes, this one has ${sizeBytes(fitting)}`)
  }
  const questions = (some: readonly ChatMessage[]) => some.filter((message) => message.role === 'user').length
  return { messages: fitting, droppedTurns: questions(messages) - questions(fitting) }
}

/** A rough count, for deadlines: English has about 3 to 4 bytes a token. */
export function estimateTokens(messages: readonly ChatMessage[]): number {
  return Math.ceil(sizeBytes(messages) / 3)
}

function sizeBytes(messages: readonly ChatMessage[]): number {
  return utf8ToBytes(JSON.stringify(messages)).length
}
