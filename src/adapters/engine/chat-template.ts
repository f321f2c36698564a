import type { ChatMessage } from '#core/protocol/messages.ts'
import type { GgufLayout } from './gguf-layout.ts'

/** llama.cpp's name for the way of writing a conversation that most models without a template were trained on. */
export const CHATML = 'chatml'

/** As `chatml` writes them: plain text to a model whose vocabulary has no such tokens. */
const CHATML_MARKS = ['<|im_start|>', '<|im_end|>'] as const

export interface ChatTemplate {
  /** Given to llama.cpp; undefined for the file's own. */
  readonly name: typeof CHATML | undefined
  /** Texts by which a conversation is written down, beyond the vocabulary's control tokens: no message may hold one. */
  readonly marks: readonly string[]
  /** Texts that end a turn, where no token does. */
  readonly stop: readonly string[]
}

/** The template in the file, or ChatML for a file that has none. */
export function chatTemplateOf({ metadata }: Pick<GgufLayout, 'metadata'>): ChatTemplate {
  const own = metadata.get('tokenizer.chat_template')
  if (typeof own === 'string' && own.trim() !== '') return { name: undefined, marks: [], stop: [] }
  return { name: CHATML, marks: CHATML_MARKS, stop: [CHATML_MARKS[1]] }
}

/**
 * The same conversation as every template takes it: instructions at the beginning only, then turns of the two sides in
 * alternation, a question first.
 */
export function inTurns(messages: readonly ChatMessage[]): ChatMessage[] {
  const turns: ChatMessage[] = []
  for (const [index, { role, content }] of messages.entries()) {
    const side = role === 'system' && index > 0 ? ('user' as const) : role
    const last = turns.at(-1)
    if (last?.role === side) turns[turns.length - 1] = { role: side, content: `${last.content}\n\n${content}` }
    else turns.push({ role: side, content })
  }
  return turns
}
