import { SvelteMap } from 'svelte/reactivity'
import type { SessionId } from '#core/protocol/ids.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import type { StoredChat, StoredTurn } from '#ports/store.ts'
import type { Answer, Draft, SessionView, SwarmFacade } from '#shell/facade.ts'
import { errorName } from '../words/errors.ts'
import { ChatShelf } from './chat-shelf.svelte.ts'
import { Composer } from './composer.svelte.ts'
import { LiveTurn } from './live-turn.svelte.ts'
import { holdTurn, turnReleased } from './turn-lock.ts'
import { newId, recall, remember } from './tab-memory.ts'

const OPEN_CHAT = 'tabswarm:chat'

/** A question that waited longer ago than this is not asked by itself any more: whoever comes back may not want it. */
const ASKABLE_MS = 10 * 60_000

/** The open chat: asking, following answers, stopping, and taking up what a reload interrupted. */
export class ChatState {
  readonly shelf: ChatShelf
  readonly composer: Composer
  readonly #ready: Promise<SwarmFacade>
  readonly #live = new SvelteMap<string, LiveTurn>()
  readonly #views = new SvelteMap<SessionId, SessionView>()
  /** The draft that stood in an answer's place when another answer won, by turn. */
  readonly #outvoted = new SvelteMap<string, Draft>()
  /** Running turns that nobody here can take up, by turn. Not stored: their own tab may be about to come back. */
  readonly #interrupted = new SvelteMap<string, true>()
  #currentId = $state(recall(OPEN_CHAT) ?? newId())

  constructor(ready: Promise<SwarmFacade>) {
    this.#ready = ready
    this.shelf = new ChatShelf(ready)
    this.composer = new Composer(() => this.#currentId)
    this.#select(this.#currentId)
  }

  get currentId(): string {
    return this.#currentId
  }
  /** Undefined until the first question. */
  get current(): StoredChat | undefined {
    return this.shelf.get(this.#currentId)
  }
  get turns(): readonly StoredTurn[] {
    return this.current?.turns ?? []
  }
  /** The answer being made in the open chat. */
  get running(): LiveTurn | undefined {
    const turn = this.turns.findLast((each) => this.#live.has(each.id))
    return turn && this.#live.get(turn.id)
  }
  live(turn: string): LiveTurn | undefined {
    return this.#live.get(turn)
  }
  outvoted(turn: string): Draft | undefined {
    return this.#outvoted.get(turn)
  }
  interrupted(turn: string): boolean {
    return this.#interrupted.has(turn)
  }
  view(turn: StoredTurn): SessionView | null {
    return this.#live.get(turn.id)?.view ?? (turn.session && this.#views.get(turn.session)) ?? null
  }

  /** Reads the chats; call once the page is up. Rejects when the node cannot start. */
  async load(): Promise<void> {
    await this.shelf.load()
    await this.#takeUp()
  }

  async open(id: string): Promise<void> {
    this.#select(id)
    await this.#takeUp()
  }

  newChat() {
    if (this.current) this.#select(newId())
  }

  delete(id: string) {
    for (const turn of this.shelf.get(id)?.turns ?? []) this.#live.get(turn.id)?.stop()
    this.shelf.delete(id)
    if (id === this.#currentId) this.#select(newId())
  }

  stop() {
    this.running?.stop()
  }

  async ask(question: string): Promise<void> {
    const chat = this.current ?? this.shelf.create(this.#currentId, question)
    this.shelf.addTurns(chat.id, newTurn('user', question, 'complete'))
    await this.#answer(chat.id)
  }

  /** Asks the question above an answer again. */
  async askAgain(turn: string): Promise<void> {
    const id = this.#currentId
    this.shelf.removeTurn(id, turn)
    await this.#answer(id)
  }

  /** A reload comes back to this chat. */
  #select(id: string) {
    this.#currentId = id
    remember(OPEN_CHAT, id)
  }

  async #answer(chat: string): Promise<void> {
    const turn = newTurn('assistant', '', 'running')
    this.shelf.addTurns(chat, turn)
    await this.#askFor(chat, turn.id)
  }

  /** Asks the question above an answer that is to come. */
  async #askFor(chat: string, turn: string): Promise<void> {
    const turns = this.shelf.get(chat)?.turns ?? []
    const messages = conversation(
      turns.slice(
        0,
        turns.findIndex(({ id }) => id === turn),
      ),
    )
    const live = new LiveTurn(turn)
    const options = live.options((session) => this.shelf.changeTurn(chat, turn, { session }))
    const asked = unlessAborted(this.#ready, live.signal).then((node) => node.ask(messages, options))
    await this.#follow(chat, live, asked)
  }

  /** The one consumer of a session, be it new or taken up again. */
  async #follow(chat: string, live: LiveTurn, asked: Promise<Answer>): Promise<void> {
    const { turn } = live
    const release = holdTurn(turn)
    this.#live.set(turn, live)
    try {
      const { text, session, view } = await asked
      live.settle()
      const { draft } = live
      if (draft && view.winner && draft.node !== view.winner && draft.text !== text) this.#outvoted.set(turn, draft)
      this.#views.set(session, view)
      this.shelf.changeTurn(chat, turn, { text, session, state: 'complete' })
    } catch (error) {
      live.settle()
      const text = live.draft?.text ?? ''
      if (live.view) this.#views.set(live.view.session, live.view)
      if (live.stopped) this.shelf.changeTurn(chat, turn, { text, state: 'stopped' })
      else this.shelf.changeTurn(chat, turn, { text, state: 'failed', error: errorName(error) })
    } finally {
      this.#live.delete(turn)
      release()
    }
  }

  /** Takes up the open chat's unfinished answers, and fetches the stories of the finished ones. */
  async #takeUp(): Promise<void> {
    const node = await this.#ready
    const chat = this.#currentId
    for (const turn of this.turns) {
      if (this.#live.has(turn.id)) continue
      if (turn.state === 'running') void this.#resume(node, chat, turn)
      else if (turn.session && !this.#views.has(turn.session)) void this.#fetchView(node, turn.session)
    }
  }

  async #fetchView(node: SwarmFacade, session: SessionId): Promise<SessionView | null> {
    const view = await node.session(session)
    if (view) this.#views.set(session, view)
    return view
  }

  async #resume(node: SwarmFacade, chat: string, turn: StoredTurn): Promise<void> {
    const live = new LiveTurn(turn.id)
    const asked = turn.session && node.resume(turn.session, live.options())
    if (asked) return this.#follow(chat, live, asked)
    // Nothing to take up here: another tab may be at it, or it was finished by take-over, or it is lost.
    await turnReleased(turn.id)
    await this.shelf.load()
    const left = this.shelf.get(chat)?.turns.find((each) => each.id === turn.id)
    if (left?.state !== 'running' || this.#live.has(turn.id)) return
    // Its tab was closed or reloaded while it waited: nobody has been asked yet.
    if (left.session === null && Date.now() - left.createdAtMs < ASKABLE_MS) return this.#askFor(chat, turn.id)
    const view = turn.session && (await this.#fetchView(node, turn.session))
    const text = view && view.executors.find((executor) => executor.node === view.winner)?.text
    if (text) this.shelf.changeTurn(chat, turn.id, { text, state: 'complete' })
    else this.#interrupted.set(turn.id, true)
  }
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    promise.then(resolve, reject)
  })
}

function newTurn(role: StoredTurn['role'], text: string, state: StoredTurn['state']): StoredTurn {
  return { id: newId(), role, text, session: null, state, createdAtMs: Date.now() }
}

/** What the models read: every question that has an answer, with it, and the question to answer now. */
function conversation(turns: readonly StoredTurn[]): ChatMessage[] {
  const messages: ChatMessage[] = []
  turns.forEach((turn, i) => {
    const answer = turns[i + 1]
    if (turn.role !== 'user') return
    if (!answer) messages.push({ role: 'user', content: turn.text })
    else if (answer.role === 'assistant' && answer.text !== '') {
      messages.push({ role: 'user', content: turn.text }, { role: 'assistant', content: answer.text })
    }
  })
  return messages
}
