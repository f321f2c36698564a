import { Template } from '@huggingface/jinja'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { ModelUnsupportedError } from '#ports/engine.ts'
import { chatTemplateOf } from '../chat-template.ts'
import type { GgufLayout } from '../gguf-layout.ts'

/** ChatML, for files that bring no template of their own. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/** Writes a conversation as the model was trained to read it. */
export class ChatTemplate {
  /** Texts by which a conversation is written down, beyond the control tokens: no message may hold one. */
  readonly marks: readonly string[]
  /** Texts that end a turn, where no token does. */
  readonly stop: readonly string[]
  readonly #template: Template
  readonly #tokens: { readonly bos_token: string; readonly eos_token: string }

  /** Throws `ModelUnsupportedError` where the file's template cannot be read. */
  constructor(layout: Pick<GgufLayout, 'metadata'>, bosText: string, eosText: string) {
    const { name, marks, stop } = chatTemplateOf(layout)
    this.marks = marks
    this.stop = stop
    try {
      const own = String(layout.metadata.get('tokenizer.chat_template'))
      this.#template = new Template(name === undefined ? own : CHATML)
    } catch (error) {
      throw new ModelUnsupportedError('Its chat template cannot be read.', { cause: error })
    }
    this.#tokens = { bos_token: bosText, eos_token: eosText }
  }

  /** The whole conversation up to where the model begins to answer. Throws `ModelUnsupportedError`. */
  render(messages: readonly ChatMessage[]): string {
    try {
      return this.#template.render({ messages, add_generation_prompt: true, ...this.#tokens })
    } catch (error) {
      throw new ModelUnsupportedError('Its chat template does not take this conversation.', { cause: error })
    }
  }
}
