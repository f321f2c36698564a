import { domainHash } from '#core/protocol/domains.ts'
import type { Digest, NodeId, OperatorId, Salt, SealKey, SessionId, Signature } from '#core/protocol/ids.ts'
import type { EngineOffer, MessageOf, ModelOffer, SessionMessage } from '#core/protocol/messages.ts'
import type { Entry } from '#core/session/entry.ts'
import { addEntry, textOf } from '#core/session/record.ts'
import type {
  Effect,
  Input,
  Job,
  JobKind,
  Offer,
  OwnScores,
  Question,
  SessionEvent,
  SessionState,
  Snapshot,
  TimerId,
} from '#core/session/state.ts'
import { createSession, stepSession } from '#core/session/step.ts'

/**
 * Any number of session states joined by a network of function calls, in virtual time. Nothing is signed or sealed:
 * digests are hashes of what was said, and the driver closes texts to whoever holds no key.
 */

export const SESSION = domainHash('derive', ['session']).slice(0, 32) as SessionId

export const DEADLINES = { joinMs: 500, executeMs: 20_000, verifyMs: 10_000, finalizeMs: 1000 }

export function nodeId(name: string): NodeId {
  return domainHash('derive', ['node', name]) as string as NodeId
}

export function operatorId(name: string): OperatorId {
  return domainHash('derive', ['operator', name]) as string as OperatorId
}

export function saltOf(name: string): Salt {
  return domainHash('derive', ['salt', name]) as string as Salt
}

export function sealKeyOf(name: string): SealKey {
  return domainHash('derive', ['seal', name]) as string as SealKey
}

export function certificateOf(operator: string) {
  return { operator: operatorId(operator), signature: '00'.repeat(64) as Signature }
}

export function modelOffer(model: string, tier = 0): ModelOffer {
  return { modelDigest: domainHash('derive', ['model', model]), modelName: model, tier }
}

const SPEEDS = { contextTokens: 1024, prefillTokensPerSecond: 500, decodeTokensPerSecond: 50, judgeTokensPerSecond: 50 }

export function engineOffer(model: string, tier = 0): EngineOffer {
  return { ...modelOffer(model, tier), engineClass: `${model}/test`, ...SPEEDS }
}

export interface ActorOptions {
  readonly operator?: string
  /** Null: no engine. */
  readonly model?: string | null
  readonly tier?: number
  readonly executes?: boolean
  readonly verifies?: boolean
  readonly generateMs?: number
  readonly judgeMs?: number
}

interface Actor {
  readonly name: string
  readonly id: NodeId
  readonly options: ActorOptions
  state: SessionState
  alive: boolean
  snapshot: Snapshot | null
  readonly inbox: Entry[]
  readonly timers: Map<TimerId, number>
  readonly jobs: Map<JobKind, number>
  readonly events: SessionEvent[]
}

interface Event {
  readonly at: number
  readonly run: () => void
}

/** What somebody published. */
export interface Said {
  readonly at: number
  readonly by: string
  readonly entry: Entry
}

export type Happening =
  | { readonly type: 'said'; readonly message: SessionMessage }
  | { readonly type: 'job'; readonly job: Job }
  | { readonly type: 'event'; readonly event: SessionEvent }

export class SessionSwarm {
  now = 0
  readonly said: Said[] = []
  readonly actors = new Map<string, Actor>()
  /** Scores by the judge's and the author's name; by default the first letter of the alphabet is best. */
  scoreOf = (_judge: string, author: string): number => 9000 - 500 * (author.charCodeAt(0) - 97)
  answerOf = (author: string): string => `answer of ${author}`
  latencyMs = 0
  /** Sees what happens, as it happens. */
  observe: (by: string, what: Happening) => void = () => undefined
  readonly broken = new Set<string>()
  /** Whose answers are written by another model than the one that they joined with. */
  readonly substitutes = new Map<string, EngineOffer>()
  readonly #cut = new Set<string>()
  readonly #keyHolders = new Set<NodeId>()
  readonly #events: Event[] = []
  #counter = 0

  constructor(members: Readonly<Record<string, ActorOptions>>) {
    for (const [name, options] of Object.entries(members)) this.#create(name, options)
  }

  actor(name: string): Actor {
    const actor = this.actors.get(name)
    if (!actor) throw new Error(`no actor ${name}`)
    return actor
  }

  nameOf(node: NodeId): string {
    return [...this.actors.values()].find((actor) => actor.id === node)?.name ?? '?'
  }

  outcomes(): Record<string, SessionState['outcome']> {
    return Object.fromEntries([...this.actors.values()].map(({ name, state }) => [name, state.outcome]))
  }

  ask(name: string, text: string, needs: Question['needs'], invited = [...this.actors.keys()]): void {
    const question: Question = {
      messages: [{ role: 'user', content: text }],
      invited: invited.map(nodeId),
      needs,
      maxTokens: 64,
      deadlines: DEADLINES,
      ownExecutes: true,
      aloneMs: DEADLINES.executeMs,
    }
    const actor = this.actor(name)
    actor.state = this.#fresh(actor, question, null)
    this.#step(actor, { type: 'started', now: this.now })
  }

  cancel(name: string): void {
    this.#step(this.actor(name), { type: 'cancel', now: this.now })
  }

  /** Takes a node away; `announced` tells the others, as its good-bye or a lost link would. */
  kill(name: string, announced = true): void {
    const actor = this.actor(name)
    actor.alive = false
    actor.timers.clear()
    actor.jobs.clear()
    if (announced) this.tellOthers(name, 'node-gone')
  }

  /** Tells the others that it is gone, or that they had given it up wrongly. */
  tellOthers(name: string, type: 'node-gone' | 'node-back'): void {
    for (const other of this.actors.values()) {
      if (other.alive && other.name !== name) this.#step(other, { type, node: nodeId(name), now: this.now })
    }
  }

  /** A new tab with the old one's snapshot and envelopes. */
  reload(name: string): void {
    const actor = this.actor(name)
    actor.alive = true
    actor.timers.clear()
    actor.jobs.clear()
    const fresh = this.#fresh(actor, actor.snapshot?.question ?? null, actor.snapshot)
    // Rebuilt without acting: what was said before must not be said again.
    const record = actor.inbox.reduce((partial, entry) => addEntry(partial, entry).record, fresh.record)
    actor.state = { ...fresh, record }
    this.#step(actor, { type: 'started', now: this.now })
  }

  cut(from: string, to: string): void {
    this.#cut.add(`${from}->${to}`)
  }

  heal(from: string, to: string): void {
    this.#cut.delete(`${from}->${to}`)
  }

  /** Says something in a node's name, whether its state would or not. Returns the digest. */
  forge(by: string, message: SessionMessage, only?: readonly string[]): Digest {
    return this.#publish(this.actor(by), message, only)
  }

  advance(ms: number): void {
    const until = this.now + ms
    for (let next = this.#next(); next && next.at <= until; next = this.#next()) {
      this.#events.splice(this.#events.indexOf(next), 1)
      this.now = Math.max(this.now, next.at)
      next.run()
    }
    this.now = until
  }

  /** Lets time pass until nobody alive is undecided, in steps of 10 ms. Returns how much passed. */
  untilEnded(limitMs = 300_000): number {
    const from = this.now
    const running = () => [...this.actors.values()].some(({ alive, state }) => alive && state.outcome === null)
    while (running() && this.now - from < limitMs) this.advance(10)
    return this.now - from
  }

  verdictOf(name: string): MessageOf<'verdict-reached'> | undefined {
    return this.actor(name).state.adopted?.message
  }

  #create(name: string, options: ActorOptions): void {
    const actor = {
      name,
      id: nodeId(name),
      options,
      alive: true,
      snapshot: null,
      inbox: [],
      timers: new Map(),
      jobs: new Map(),
      events: [],
    }
    this.actors.set(name, { ...actor, state: this.#fresh({ ...actor }, null, null) })
  }

  #fresh(actor: Pick<Actor, 'name' | 'id' | 'options'>, question: Question | null, kept: Snapshot | null) {
    const { name, id, options } = actor
    const model = options.model === undefined ? `model-${name}` : options.model
    const offer: Offer = {
      certificate: certificateOf(options.operator ?? name),
      engine: model === null ? null : engineOffer(model, options.tier),
      executes: options.executes ?? true,
      verifies: options.verifies ?? true,
      estimateMs: 1000,
      sealKey: sealKeyOf(name),
    }
    const own = kept ? { own: kept.own } : {}
    return createSession({ session: SESSION, self: id, offer, seed: saltOf(`seed of ${name}`), question, ...own })
  }

  #next(): Event | undefined {
    return this.#events.reduce<Event | undefined>(
      (best, event) => (!best || event.at < best.at ? event : best),
      undefined,
    )
  }

  #at(at: number, run: () => void): void {
    this.#events.push({ at, run })
  }

  #step(actor: Actor, input: Input): void {
    if (!actor.alive) return
    const { state, effects } = stepSession(actor.state, input)
    actor.state = state
    const watched = Object.keys(state.deadlines).length > 0 || actor.events.some(({ type }) => type === 'expired')
    const expires = effects.some((effect) => effect.type === 'notify' && effect.event.type === 'expired')
    if (!watched && !expires) throw new Error(`${actor.name} waits without a deadline after ${input.type}`)
    for (const effect of effects) this.#run(actor, effect)
  }

  #run(actor: Actor, effect: Effect): void {
    switch (effect.type) {
      case 'persist':
        actor.snapshot = effect.snapshot
        return
      case 'publish':
        this.#publish(actor, effect.message)
        return
      case 'set-timer': {
        const { id, at } = effect
        actor.timers.set(id, at)
        this.#at(at, () => {
          if (actor.timers.get(id) !== at) return
          actor.timers.delete(id)
          this.#step(actor, { type: 'timer', id, now: this.now })
        })
        return
      }
      case 'clear-timer':
        actor.timers.delete(effect.id)
        return
      case 'infer':
        return this.#infer(actor, effect.job)
      case 'abort':
        actor.jobs.delete(effect.kind)
        return
      case 'fetch': {
        const { digests } = effect
        const wanted =
          digests.length > 0
            ? this.said.flatMap(({ entry }) => (digests.includes(entry.digest) ? [entry] : []))
            : this.#heldAround(actor)
        this.#at(this.now + 20, () => wanted.forEach((entry) => this.#receive(actor, entry)))
        return
      }
      case 'notify':
        actor.events.push(effect.event)
        this.observe(actor.name, { type: 'event', event: effect.event })
        return
    }
  }

  /** What those hold from whom something can reach this node now. */
  #heldAround(actor: Actor): Entry[] {
    const reachable = [...this.actors.values()].filter(
      (other) => other !== actor && other.alive && !this.#cut.has(`${other.name}->${actor.name}`),
    )
    const held = reachable.flatMap(({ state }) => state.record.entries)
    return [...new Map(held.map((entry) => [entry.digest, entry])).values()]
  }

  #infer(actor: Actor, job: Job): void {
    this.observe(actor.name, { type: 'job', job })
    const ticket = ++this.#counter
    const tookMs = (job.kind === 'generate' ? actor.options.generateMs : actor.options.judgeMs) ?? 500
    actor.jobs.set(job.kind, ticket)
    this.#at(this.now + tookMs, () => {
      if (actor.jobs.get(job.kind) !== ticket) return
      actor.jobs.delete(job.kind)
      this.#step(actor, this.#resultOf(actor, job, tookMs))
    })
  }

  #resultOf(actor: Actor, job: Job, durationMs: number): Input {
    const { now } = this
    if (this.broken.has(actor.name)) return { type: 'inference-failed', kind: job.kind, now }
    if (job.kind === 'generate') {
      const by = this.substitutes.get(actor.name) ?? actor.state.offer.engine ?? engineOffer('none')
      const answer = { by, text: this.answerOf(actor.name), tokens: 3, durationMs, droppedTurns: 0 }
      return { type: 'generated', answer, now }
    }
    const authorOf = (text: string) => [...this.actors.keys()].find((name) => this.answerOf(name) === text) ?? 'z'
    const scores: OwnScores = {
      instrument: 'likelihood',
      scores: job.answers.map(({ digest, text }) => ({
        answer: digest,
        score: this.scoreOf(actor.name, authorOf(text)),
      })),
      durationMs,
    }
    return { type: 'judged', scores, now }
  }

  #publish(by: Actor, message: SessionMessage, only?: readonly string[]): Digest {
    const digest = domainHash('statement', [by.id, JSON.stringify(message)])
    const entry: Entry = { digest, from: by.id, message }
    this.said.push({ at: this.now, by: by.name, entry })
    this.observe(by.name, { type: 'said', message })
    if (message.type === 'roles-assigned') {
      for (const node of [by.id, ...message.executors, ...message.verifiers]) this.#keyHolders.add(node)
    }
    if (message.type === 'role-replaced') this.#keyHolders.add(message.to)
    for (const other of this.actors.values()) {
      if (this.#cut.has(`${by.name}->${other.name}`) || (only && !only.includes(other.name))) continue
      this.#at(this.now + (other === by ? 0 : this.latencyMs), () => this.#receive(other, entry))
    }
    return digest
  }

  #receive(actor: Actor, entry: Entry): void {
    if (!actor.alive) return
    if (!actor.inbox.some(({ digest }) => digest === entry.digest)) actor.inbox.push(entry)
    this.#step(actor, { type: 'received', entry: this.#asReadBy(actor, entry), now: this.now })
    const { message } = entry
    if (message.type !== 'role-replaced' || message.to !== actor.id) return
    // With its grant a newcomer reads again what it had taken up closed.
    const entries = actor.inbox.filter((other) => textOf(other.message))
    this.#step(actor, { type: 'reopened', entries, now: this.now })
  }

  #asReadBy(actor: Actor, entry: Entry): Entry {
    const text = textOf(entry.message)
    if (!text || this.#keyHolders.has(actor.id)) return entry
    const closed = { ...text, salt: null, text: null }
    const field = entry.message.type === 'roles-assigned' ? 'task' : 'answer'
    return { ...entry, message: { ...entry.message, [field]: closed } as SessionMessage }
  }
}

/** A swarm of `size` strangers named a, b, c, … */
export function strangers(size: number, options: ActorOptions = {}): SessionSwarm {
  const names = 'abcdefghijklmnop'.slice(0, size).split('')
  return new SessionSwarm(Object.fromEntries(names.map((name) => [name, options])))
}
