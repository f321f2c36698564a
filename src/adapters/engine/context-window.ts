import type { ChatMessage } from '#core/protocol/messages.ts'
import { ContextOverflowError } from '#ports/engine.ts'

export interface FittedConversation {
  readonly messages: readonly ChatMessage[]
  readonly droppedTurns: number
}

/**
 * Tokens kept free for an answer: what was asked for, yet never more than a quarter of the context, so that a
 * generous `maxTokens` does not cost the conversation. Judging keeps the whole quarter, so what an executor could
 * read, a verifier with the same context can read too.
 */
export function answerRoom(contextTokens: number, maxTokens = Infinity): number {
  return Math.min(maxTokens, Math.ceil(contextTokens / 4))
}

/**
 * Leaves out the fewest oldest turns so that the rest fits the budget. A turn is a question with all that follows it
 * up to the next one; what precedes the first question (instructions) stays. `countTokens` may be asked often, and
 * must not shrink when messages are added.
 *
 * Throws `ContextOverflowError` when even the last turn alone does not fit.
 */
export async function fitConversation(
  messages: readonly ChatMessage[],
  budgetTokens: number,
  countTokens: (messages: readonly ChatMessage[]) => Promise<number>,
): Promise<FittedConversation> {
  const starts = [...messages.keys()].filter((index) => messages[index]?.role === 'user')
  const instructions = messages.slice(0, starts[0] ?? messages.length)
  const without = (turns: number): readonly ChatMessage[] => [...instructions, ...messages.slice(starts[turns])]
  const fits = async (turns: number): Promise<boolean> => (await countTokens(without(turns))) <= budgetTokens

  if (await fits(0)) return { messages, droppedTurns: 0 }
  let tooFew = 0
  let enough = starts.length
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1
    if (await fits(middle)) enough = middle
    else tooFew = middle
  }
  if (enough >= starts.length) {
    throw new ContextOverflowError(`The last message alone is longer than the ${budgetTokens} tokens this model reads.`)
  }
  return { messages: without(enough), droppedTurns: enough }
}
