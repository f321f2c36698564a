import { Template } from '@huggingface/jinja'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { ModelUnsupportedError } from '#ports/engine.ts'

/** ChatML, for files that bring no template of their own. */
const CHATML =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>\\n' }}" +
  "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"

/** Writes a conversation as the model was trained to read it. */
export class ChatTemplate {
  readonly #template: Template
  readonly #tokens: { readonly bos_token: string; readonly eos_token: string }

  /** Throws `ModelUnsupportedError` where the file's template cannot be read. */
  constructor(source: unknown, bosText: string, eosText: string) {
    try {
      this.#template = new Template(typeof source === 'string' ? source : CHATML)
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
