import { SvelteSet } from 'svelte/reactivity'
import type { StoredChat, StoredTurn } from '#ports/store.ts'
import type { SwarmFacade } from '#shell/facade.ts'

const TITLE_CHARS = 64

/** The chats of this browser profile: what is shown, and its copy in the store. Writes to the store keep their order. */
export class ChatShelf {
  #chats = $state.raw<readonly StoredChat[]>([])
  #loaded = $state(false)
  #deleted = $state.raw<StoredChat | null>(null)
  readonly #touched = new SvelteSet<string>()
  readonly #ready: Promise<SwarmFacade>
  #writes: Promise<unknown> = Promise.resolve()

  constructor(ready: Promise<SwarmFacade>) {
    this.#ready = ready
  }

  /** Newest first. */
  get chats(): readonly StoredChat[] {
    return this.#chats
  }
  get loaded(): boolean {
    return this.#loaded
  }
  /** The chat deleted last, until it is restored or dismissed. */
  get deleted(): StoredChat | null {
    return this.#deleted
  }

  get(id: string): StoredChat | undefined {
    return this.#chats.find((chat) => chat.id === id)
  }

  /** Reads the store again. Chats written by this tab stand as they are here: its writes may be under way. */
  async load(): Promise<void> {
    const node = await this.#ready
    const stored = await node.chats.list()
    const own = this.#chats.filter((chat) => this.#touched.has(chat.id))
    const others = stored.filter((chat) => !this.#touched.has(chat.id) && chat.id !== this.#deleted?.id)
    this.#chats = sorted([...own, ...others])
    this.#loaded = true
  }

  create(id: string, question: string): StoredChat {
    const now = Date.now()
    const title = question.trim().replace(/\s+/g, ' ').slice(0, TITLE_CHARS)
    return this.#keep({ id, title, turns: [], createdAtMs: now, updatedAtMs: now })
  }

  addTurns(id: string, ...turns: StoredTurn[]) {
    this.#change(id, (chat) => ({ ...chat, turns: [...chat.turns, ...turns], updatedAtMs: Date.now() }))
  }

  changeTurn(id: string, turn: string, change: Partial<StoredTurn>) {
    this.#change(id, (chat) => ({
      ...chat,
      turns: chat.turns.map((each) => (each.id === turn ? { ...each, ...change } : each)),
    }))
  }

  removeTurn(id: string, turn: string) {
    this.#change(id, (chat) => ({ ...chat, turns: chat.turns.filter((each) => each.id !== turn) }))
  }

  delete(id: string) {
    const chat = this.get(id)
    if (!chat) return
    this.#deleted = chat
    this.#touched.delete(id)
    this.#chats = this.#chats.filter((each) => each.id !== id)
    this.#write((node) => node.chats.delete(id))
  }

  restore() {
    const chat = this.#deleted
    this.#deleted = null
    if (chat) this.#keep(chat)
  }

  dismissDeleted() {
    this.#deleted = null
  }

  #change(id: string, change: (chat: StoredChat) => StoredChat) {
    const chat = this.get(id)
    if (chat) this.#keep(change(chat))
  }

  #keep(chat: StoredChat): StoredChat {
    this.#touched.add(chat.id)
    this.#chats = sorted([...this.#chats.filter((each) => each.id !== chat.id), chat])
    this.#write((node) => node.chats.put(chat.id, chat))
    return chat
  }

  #write(write: (node: SwarmFacade) => Promise<void>) {
    // A failed write is the store's to report (`status().storageProblem`); the page goes on from memory.
    this.#writes = this.#writes.then(async () => write(await this.#ready)).catch(() => undefined)
  }
}

const sorted = (chats: StoredChat[]) => chats.sort((a, b) => b.updatedAtMs - a.updatedAtMs)
