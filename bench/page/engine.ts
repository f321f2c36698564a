import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'
import { WorkerEngine as RealEngine } from '#adapters/engine/worker-engine.ts'
import type { Digest } from '#core/protocol/ids.ts'
import { proseOf } from '#support/prose.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Engine, EngineDescription, GenerateOptions, Generation, Judgement, Token } from '#ports/engine.ts'

/** What the budget of a session is stated for. */
const ANSWER_BYTES = 2048
const PIECE_CHARS = 32

/**
 * An engine that takes no time: what a session lasts with it is coordination. Answers are text of full length that
 * differs by seed and model, judgements a function of the text.
 */
class InstantEngine implements Engine {
  #description: EngineDescription | null = null

  async load(modelId: string): Promise<void> {
    this.#description = {
      modelId,
      modelName: modelId,
      modelDigest: hashOf(modelId) as Digest,
      engineClass: 'instant',
      tier: 0,
      contextTokens: 4096,
      prefillTokensPerSecond: 100_000,
      decodeTokensPerSecond: 10_000,
      judgeTokensPerSecond: 10_000,
      instrument: 'likelihood',
    }
  }

  async *generate(
    messages: readonly ChatMessage[],
    { seed }: GenerateOptions,
  ): AsyncGenerator<Token, Generation, void> {
    const words = hashOf(`${this.#description?.modelId} ${seed} ${messages.length}`)
    const text = proseOf(Number.parseInt(words.slice(0, 8), 16), ANSWER_BYTES)
    const pieces = text.match(new RegExp(`.{1,${PIECE_CHARS}}`, 'g')) ?? []
    for (const piece of pieces) yield { text: piece }
    return { text, tokens: pieces.length, finish: 'stop', droppedTurns: 0 }
  }

  async judge(_messages: readonly ChatMessage[], answers: readonly string[]): Promise<Judgement[]> {
    return answers.map((answer) => ({
      quality: Number.parseInt(hashOf(answer).slice(0, 6), 16) / 0x1000000,
      instrument: 'likelihood',
    }))
  }

  describe(): EngineDescription | null {
    return this.#description
  }

  async unload(): Promise<void> {
    this.#description = null
  }
}

const hashOf = (text: string): string => bytesToHex(sha256(utf8ToBytes(text)))

const isInstant = new URLSearchParams(location.search).get('engine') === 'instant'

/** Stands for the real one where the page's address asks for that. */
export const WorkerEngine = isInstant ? InstantEngine : RealEngine
