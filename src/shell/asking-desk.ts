import type { ChatMessage, Needs } from '#core/protocol/messages.ts'
import type { Question } from '#core/session/state.ts'
import { backoffMs, nextStep } from '#core/swarm/backpressure.ts'
import { chooseCandidates, deadlinesFor, type Invitation } from '#core/swarm/candidates.ts'
import { workOf, type Task } from '#core/swarm/fit.ts'
import type { Presence } from '#core/swarm/presence.ts'
import type { Clock } from '#ports/clock.ts'
import type { Identity } from '#ports/key-store.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { Random } from '#ports/random.ts'
import type { Settings } from '#ports/store.ts'
import type { EngineDesk } from './engine-desk.ts'
import { NoEngineError, SessionFailedError, TooManyQuestionsError } from './errors.ts'
import type { Answer, AskOptions } from './facade.ts'
import { offerOf } from './offer.ts'
import { estimateTokens, prepareConversation, type Conversation } from './question.ts'
import type { SessionDesk } from './session-desk.ts'
import type { Storyteller } from './storyteller.ts'

/** Questions of this node's own that run at once, and that wait for their turn (SPEC LEAD-10). */
export const MAX_RUNNING = 2
export const MAX_WAITING = 16

/** Answers of the embedded models are short; whoever wants more says so. */
const DEFAULT_MAX_TOKENS = 256

/** Askers that wait for the same slot do not all take it in the same moment. */
const SCATTER_MS = 300

export interface AskingDeskInit {
  readonly identity: Identity
  readonly mesh: Mesh
  readonly clock: Clock
  readonly random: Random
  readonly engine: EngineDesk
  readonly sessions: SessionDesk
  readonly story: Storyteller
  present(): readonly Presence[]
  settings(): Settings
  /** Resolves when a model was loaded, or could not be. */
  engineTried(): Promise<void>
}

/**
 * Brings this node's own questions into the swarm: in their order, a few at a time, and not before somebody is free.
 *
 * Invariant: at most `MAX_RUNNING` questions run and `MAX_WAITING` wait. A question that waits has a deadline, and can
 * be stopped.
 */
export class AskingDesk {
  readonly #init: AskingDeskInit
  #running = 0
  /** Each begins the next question in line. */
  readonly #line: (() => void)[] = []
  /** Questions that run, and wait for somebody to become free. */
  readonly #watching = new Set<() => void>()
  readonly #closing = new AbortController()

  constructor(init: AskingDeskInit) {
    this.#init = init
  }

  /** Questions that wait for their turn, and those whose turn has come. */
  get load(): { readonly running: number; readonly waiting: number } {
    return { running: this.#running, waiting: this.#line.length }
  }

  /** Who is there, or how busy they are, has changed. */
  presenceChanged(): void {
    for (const look of this.#watching) look()
  }

  /** What waits ends with a `SessionFailedError`. */
  close(): void {
    this.#closing.abort(new SessionFailedError('the node was stopped'))
  }

  /** Throws the errors of `SwarmFacade.ask`. */
  async ask(messages: readonly ChatMessage[], options: AskOptions): Promise<Answer> {
    const conversation = prepareConversation(messages)
    options.signal?.throwIfAborted()
    if (this.#running >= MAX_RUNNING) await this.#turn(options)
    this.#running++
    try {
      return await this.#askInTurn(conversation, options)
    } finally {
      this.#running--
      this.#line.shift()?.()
    }
  }

  async #askInTurn(conversation: Conversation, options: AskOptions): Promise<Answer> {
    const { clock, sessions, story, engine, settings, engineTried } = this.#init
    const task = taskOf(conversation.messages, options)
    const began = clock.now()
    let openings = 0
    let unanswered = 0
    for (;;) {
      const look = () => ({ ...this.#crowd(options, task), waitedMs: clock.now() - began, unanswered })
      const crowd = look()
      const step = nextStep(crowd)
      if (step.kind === 'wait') {
        await this.#wait(step.atMostMs, options, () => nextStep(look()).kind === 'open')
        // Others wait for the same slot.
        await this.#wait(SCATTER_MS * this.#chance(), options)
        continue
      }
      if (crowd.others === 0 && !engine.description) await engineTried()
      const question = this.#questionFor(conversation, options, task)
      const mailbox = sessions.ask(
        settings().onlyThisDevice || !step.patient ? question : { ...question, asksAgain: true },
      )
      try {
        return await story.tell(mailbox, options)
      } catch (error) {
        if (mailbox.state.marks.crowded === undefined) throw error
      }
      openings++
      if (this.#crowd(options, task).free > 0) unanswered++
      await this.#wait(backoffMs(openings, this.#chance()), options)
    }
  }

  // ---- waiting ----

  /** Resolves when it is this question's turn. Throws `TooManyQuestionsError`, and the signal's reason. */
  async #turn(options: AskOptions): Promise<void> {
    const { onWaiting } = options
    const signal = this.#signalOf(options)
    signal.throwIfAborted()
    if (this.#line.length >= MAX_WAITING)
      throw new TooManyQuestionsError(`${MAX_WAITING} questions of this tab wait already`)
    onWaiting?.('turn')
    try {
      await new Promise<void>((resolve, reject) => {
        const begin = () => {
          signal.removeEventListener('abort', stop)
          resolve()
        }
        const stop = () => {
          this.#line.splice(this.#line.indexOf(begin), 1)
          reject(signal.reason as Error)
        }
        signal.addEventListener('abort', stop, { once: true })
        this.#line.push(begin)
      })
    } finally {
      onWaiting?.(null)
    }
  }

  /** For so long, or until `isOver` holds. Throws the signal's reason, or why the node is closed. */
  async #wait(atMostMs: number, options: AskOptions, isOver = () => false): Promise<void> {
    const { clock } = this.#init
    const signal = this.#signalOf(options)
    signal.throwIfAborted()
    options.onWaiting?.('busy')
    let end: () => void = () => undefined
    try {
      await new Promise<void>((resolve, reject) => {
        const cancelTimer = clock.setTimer(clock.now() + atMostMs, resolve)
        const stop = () => reject(signal.reason as Error)
        const look = () => {
          if (isOver()) resolve()
        }
        end = () => {
          cancelTimer()
          signal.removeEventListener('abort', stop)
          this.#watching.delete(look)
        }
        signal.addEventListener('abort', stop, { once: true })
        this.#watching.add(look)
      })
    } finally {
      end()
      options.onWaiting?.(null)
    }
  }

  #signalOf({ signal }: AskOptions): AbortSignal {
    return AbortSignal.any([this.#closing.signal, ...(signal ? [signal] : [])])
  }

  #chance(): number {
    const [high = 0, low = 0] = this.#init.random.bytes(2)
    return (high * 256 + low) / 65_536
  }

  // ---- whom to ask, and what ----

  #crowd(options: AskOptions, task: Task) {
    const { identity, present, settings, engine } = this.#init
    const invitation = settings().onlyThisDevice ? null : this.#invitation(options, task, present())
    const able = present().filter(({ node, said }) => node !== identity.node && isAble(said))
    const { executors, verifiers } = invitation?.needs ?? { executors: 0, verifiers: 0 }
    return {
      others: invitation ? able.length : 0,
      free: able.filter(({ said }) => said.freeSlots > 0).length,
      seats: executors + verifiers - (engine.description ? 1 : 0),
    }
  }

  #invitation({ executors, verifiers }: AskOptions, task: Task, present: readonly Presence[]): Invitation | null {
    const { identity, mesh, engine } = this.#init
    const { links } = mesh.state()
    const { description } = engine
    const wanted: Partial<Needs> = { ...(executors ? { executors } : {}), ...(verifiers ? { verifiers } : {}) }
    return chooseCandidates(
      {
        self: identity.node,
        operator: identity.certificate.operator,
        ownEngine: description && offerOf(description),
        present,
        linked: new Set(links.filter((link) => link.kind === 'direct').map((link) => link.node)),
        roundTripMs: Object.fromEntries(
          links.flatMap(({ node, roundTripMs }) => (roundTripMs === null ? [] : [[node, roundTripMs]])),
        ),
      },
      wanted,
      task,
    )
  }

  #questionFor({ messages, droppedTurns }: Conversation, options: AskOptions, task: Task): Question {
    const { identity, engine, settings } = this.#init
    const { description } = engine
    const present = settings().onlyThisDevice ? [] : this.#init.present()
    // Who has no free slot would only keep the others waiting; where nobody has one, everybody may still find one.
    const free = present.filter(({ said }) => said.freeSlots > 0)
    const invitation = this.#invitation(options, task, free) ?? this.#invitation(options, task, present)
    if (!invitation && !description) throw new NoEngineError('no model is loaded, and no other tab can answer')
    const alone = deadlinesFor(description ? workOf(offerOf(description), task, 1) : { executeMs: 0, verifyMs: 0 })
    return {
      messages,
      droppedTurns,
      maxTokens: task.maxTokens,
      aloneMs: alone.executeMs,
      ...(invitation ?? {
        invited: [identity.node],
        needs: { executors: 1, verifiers: 1 },
        deadlines: alone,
        ownExecutes: true,
      }),
    }
  }
}

const taskOf = (messages: readonly ChatMessage[], { maxTokens = DEFAULT_MAX_TOKENS }: AskOptions): Task => ({
  promptTokens: estimateTokens(messages),
  maxTokens,
})

function isAble({ engines, executes, verifies }: Presence['said']): boolean {
  return engines.length > 0 && (executes || verifies)
}
