import type { ChatMessage } from '#core/protocol/messages.ts'
import { Digest } from '#core/protocol/ids.ts'
import type { Clock } from '#ports/clock.ts'
import {
  EngineCrashedError,
  ModelLoadError,
  type Engine,
  type EngineDescription,
  type GenerateOptions,
  type Generation,
  type Judgement,
  type LoadProgress,
  type Token,
} from '#ports/engine.ts'
import { answerRoom, fitConversation } from '#adapters/engine/context-window.ts'
import { SerialQueue } from '#adapters/engine/serial-queue.ts'
import * as v from 'valibot'
import { fakeAnswer, fakeQuality, hashOf } from './fake-knowledge.ts'

export interface FakeEngineOptions {
  readonly clock: Clock
  /** Different seeds know different things and judge with different errors. */
  readonly seed?: number
  /** How often it knows the right answer, from 0 to 1. */
  readonly skill?: number
  /** Its judgements err by up to this much. */
  readonly judgeNoise?: number
  readonly modelId?: string
  readonly contextTokens?: number
  readonly tier?: number
  readonly loadMs?: number
  readonly msPerToken?: number
  readonly judgeMs?: number
  /** Takes the time of such a device instead of `msPerToken` and `judgeMs`: for the prompt and for every token. */
  readonly speed?: EngineSpeed
  /** What was measured when it was loaded, where the machine was busy with something else. */
  readonly speedAtLoad?: EngineSpeed
  readonly instrument?: Judgement['instrument']
  /** Replaces what it would say, for dishonest or scripted nodes. */
  readonly answer?: (messages: readonly ChatMessage[], options: GenerateOptions) => string | Promise<string>
  /** Replaces how it would judge. */
  readonly quality?: (messages: readonly ChatMessage[], answer: string) => number | Promise<number>
}

/** In tokens a second. */
export interface EngineSpeed {
  readonly prefill: number
  readonly decode: number
  /** Default: a judge by likelihood reads answers as fast as it writes, one by rating as fast as it reads. */
  readonly judge?: number
}

/** A message with this text, or an answer judged with it, crashes the engine. */
export const CRASH = 'crash the engine'

/** Fails to load, as a file would that does not match its digest. */
export const DAMAGED_MODEL = 'fake-damaged'

const FILE_BYTES = 1000

/**
 * An engine that computes nothing: what it says and thinks is a function of its seed and the input, and it takes its
 * time on the given clock. A token is a word. Keeps the contract of `Engine`.
 */
export class FakeEngine implements Engine {
  readonly #options: Required<Omit<FakeEngineOptions, 'answer' | 'quality' | 'speed' | 'speedAtLoad'>> &
    FakeEngineOptions
  readonly #queue = new SerialQueue()
  #description: EngineDescription | null = null

  constructor(options: FakeEngineOptions) {
    this.#options = {
      seed: 1,
      skill: 0.7,
      judgeNoise: 0.04,
      modelId: 'fake',
      contextTokens: 256,
      tier: 0,
      loadMs: 50,
      msPerToken: 4,
      judgeMs: 30,
      instrument: 'likelihood',
      ...options,
    }
  }

  load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    return this.#queue.run(async () => {
      this.#description = null
      if (modelId === DAMAGED_MODEL) throw new ModelLoadError('The file of the model is damaged.')
      if (modelId !== this.#options.modelId) throw new ModelLoadError(`The model "${modelId}" is not in the catalogue.`)
      for (const share of [0.5, 1]) {
        await this.#pause(this.#options.loadMs / 2, signal)
        onProgress?.({ loadedBytes: FILE_BYTES * share, totalBytes: FILE_BYTES })
      }
      this.#description = this.#describe()
    }, signal)
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    let leave = (): void => {}
    const turn = new Promise<void>((resolve) => (leave = resolve))
    const said: string[] = []
    let droppedTurns = 0
    const result = (finish: Generation['finish']): Generation => ({
      text: said.join(''),
      tokens: said.length,
      finish,
      droppedTurns,
    })
    try {
      await this.#myTurn(turn, options.signal)
      const fitted = await this.#fit(messages, options.maxTokens)
      droppedTurns = fitted.droppedTurns
      const answer = (this.#options.answer ?? this.#answer)(fitted.messages, options)
      const text = typeof answer === 'string' ? answer : await answer
      const { speed, msPerToken } = this.#options
      if (speed) await this.#pause((1000 * countAll(fitted.messages)) / speed.prefill, options.signal)
      for (const piece of piecesOf(untilStop(text, options.stop))) {
        if (said.length === options.maxTokens) return result('length')
        await this.#pause(speed ? 1000 / speed.decode : msPerToken, options.signal)
        said.push(piece)
        yield { text: piece }
      }
      return result('stop')
    } catch (error) {
      if (options.signal?.aborted) return result('aborted')
      throw error
    } finally {
      leave()
    }
  }

  judge(messages: readonly ChatMessage[], answers: readonly string[], signal?: AbortSignal): Promise<Judgement[]> {
    return this.#queue.run(async () => {
      const fitted = await this.#fit(messages)
      const judgements: Judgement[] = []
      for (const answer of answers) {
        await this.#pause(this.#judgingMs(fitted.messages, answer), signal)
        if (answer === CRASH) throw new EngineCrashedError('The model stopped working.')
        const readable = countWords(answer) < answerRoom(this.#options.contextTokens)
        const found = readable ? (this.#options.quality ?? this.#quality)(fitted.messages, answer) : 0
        const quality = typeof found === 'number' ? found : await found
        judgements.push({ quality, instrument: this.#options.instrument })
      }
      return judgements
    }, signal)
  }

  #judgingMs(messages: readonly ChatMessage[], answer: string): number {
    const { speed, judgeMs, instrument } = this.#options
    if (!speed) return judgeMs
    return 1000 * (countAll(messages) / speed.prefill + countWords(answer) / judgeSpeed(speed, instrument))
  }

  describe(): EngineDescription | null {
    return this.#description
  }

  unload(): Promise<void> {
    return this.#queue.run(async () => {
      this.#description = null
    })
  }

  readonly #answer = (messages: readonly ChatMessage[], { seed, temperature }: GenerateOptions): string => {
    const { seed: self, skill } = this.#options
    return fakeAnswer({ self, skill, seed, temperature, question: questionOf(messages) })
  }

  readonly #quality = (messages: readonly ChatMessage[], answer: string): number => {
    const { seed: self, judgeNoise } = this.#options
    return fakeQuality({ self, judgeNoise, question: questionOf(messages), answer })
  }

  /** Resolves when it is this call's turn, which it keeps until `turn` resolves. */
  #myTurn(turn: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((begin, reject) => {
      const holdTurn = (): Promise<void> => {
        begin()
        return turn
      }
      this.#queue.run(holdTurn, signal).catch(reject)
    })
  }

  async #fit(messages: readonly ChatMessage[], maxTokens?: number) {
    if (!this.#description) throw new ModelLoadError('No model is loaded.')
    if (messages.at(-1)?.content === CRASH) throw new EngineCrashedError('The model stopped working.')
    const { contextTokens } = this.#options
    return fitConversation(messages, contextTokens - answerRoom(contextTokens, maxTokens), async (some) =>
      countAll(some),
    )
  }

  #pause(durationMs: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#options
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const stop = (): void => {
        cancel()
        reject(signal?.reason)
      }
      const cancel = clock.setTimer(clock.now() + durationMs, () => {
        signal?.removeEventListener('abort', stop)
        resolve()
      })
      signal?.addEventListener('abort', stop, { once: true })
    })
  }

  #describe(): EngineDescription {
    const { modelId, tier, contextTokens, msPerToken, speed, speedAtLoad = speed, instrument } = this.#options
    const perSecond = msPerToken > 0 ? Math.max(1, Math.round(1000 / msPerToken)) : 1_000_000
    const speeds = speedAtLoad ?? { prefill: perSecond, decode: perSecond }
    return {
      modelId,
      modelName: modelId,
      modelDigest: v.parse(Digest, hashOf(this.#options.seed, modelId).toString(16).padStart(64, '0')),
      engineClass: 'fake',
      tier,
      contextTokens,
      prefillTokensPerSecond: speeds.prefill,
      decodeTokensPerSecond: speeds.decode,
      judgeTokensPerSecond: judgeSpeed(speeds, instrument),
      instrument,
    }
  }
}

const judgeSpeed = ({ prefill, decode, judge }: EngineSpeed, instrument: Judgement['instrument']): number =>
  judge ?? (instrument === 'rating' ? prefill : decode)

const questionOf = (messages: readonly ChatMessage[]): string => messages.at(-1)?.content ?? ''

const countAll = (messages: readonly ChatMessage[]): number =>
  messages.reduce((sum, { content }) => sum + countWords(content) + 2, 0)

const countWords = (text: string): number => text.split(/\s+/).length

const piecesOf = (text: string): string[] => text.match(/\s*\S+/g) ?? []

function untilStop(text: string, stop: readonly string[] = []): string {
  const ends = stop.map((mark) => text.indexOf(mark)).filter((index) => index >= 0)
  return text.slice(0, Math.min(text.length, ...ends))
}
