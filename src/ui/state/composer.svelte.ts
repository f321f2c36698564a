import { SvelteMap } from 'svelte/reactivity'
import { recall, remember } from './tab-memory.ts'

/** The unsent question of each chat, kept across reloads of this tab. */
export class Composer {
  readonly #texts = new SvelteMap<string, string>()
  readonly #chat: () => string

  constructor(chat: () => string) {
    this.#chat = chat
  }

  get text(): string {
    const chat = this.#chat()
    return this.#texts.get(chat) ?? recall(key(chat)) ?? ''
  }
  set text(text: string) {
    const chat = this.#chat()
    this.#texts.set(chat, text)
    remember(key(chat), text)
  }
}

const key = (chat: string) => `tabswarm:composer:${chat}`
