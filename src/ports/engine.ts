import type { EngineOffer, ChatMessage } from '#core/protocol/messages.ts'
import { NamedError } from './named-error.ts'

export interface LoadProgress {
  readonly loadedBytes: number
  readonly totalBytes: number
}

export interface GenerateOptions {
  readonly seed: number
  readonly temperature: number
  readonly maxTokens: number
  readonly stop?: readonly string[]
  readonly signal?: AbortSignal
  /** Only the likeliest so many. */
  readonly topK?: number
  /** Only the likeliest that together reach this probability. */
  readonly topP?: number
  /** Only tokens with at least this share of the likeliest one's probability. */
  readonly minP?: number
  /** Above 1: what was said before becomes less likely. */
  readonly repetitionPenalty?: number
}

/** One piece of generated text. Pieces are whole UTF-8 characters; special tokens are never among them. */
export interface Token {
  readonly text: string
}

export interface Generation {
  readonly text: string
  readonly tokens: number
  readonly finish: 'stop' | 'length' | 'aborted'
  /** Whole oldest turns left out so that the conversation fits the context. */
  readonly droppedTurns: number
  /** What was drawn, token by token, the end included: what `audit` takes. Missing where the engine cannot tell. */
  readonly tokenIds?: readonly number[]
}

/** What a node says of a generation that can be checked. */
export interface GenerationClaim {
  readonly messages: readonly ChatMessage[]
  readonly options: Omit<GenerateOptions, 'signal' | 'stop'>
  /** As `Generation.tokenIds`. */
  readonly tokenIds: readonly number[]
}

/** What this engine makes of one token of a claim, after the claimed tokens before it. */
export interface AuditedToken {
  readonly position: number
  /** Natural logarithms of the probability of the claimed token, and of the likeliest. */
  readonly claimed: number
  readonly best: number
  /**
   * How much of the probability lies between what the claimed options draw here and the claimed token: 0 where they draw
   * it, within `tolerance`. At temperature 0, how much likelier the likeliest is.
   */
  readonly miss: number
}

export interface Audit {
  /** What the claimed tokens spell. With stop strings, the answer is a beginning of it. */
  readonly text: string
  /** In the order of the positions that were asked for. */
  readonly tokens: readonly AuditedToken[]
  /** By how much `claimed` and `best` may differ from what another node of this engine class had, in token by token. */
  readonly tolerance: number
}

/** How good an answer is, in [0, 1]: a calibrated probability that it is right. */
export interface Judgement {
  readonly quality: number
  readonly instrument: 'likelihood' | 'rating'
}

/**
 * A language model in memory. One call runs at a time; further calls wait in order.
 *
 * Errors: `ModelLoadError`, `EngineCrashedError` (the engine is rebuilt; the call may be repeated), `OutOfMemoryError` (the
 * next call loads the model anew),
 * `ContextOverflowError` (the last turn alone does not fit), and the signal's `AbortError`.
 */
export interface Engine {
  load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void>
  /** Yields pieces as they come; returns the whole. After an abort it returns what there is, `finish: 'aborted'`. */
  generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void>
  /** Judges each answer by itself against the conversation. Shape: one judgement an answer, in order. */
  judge(messages: readonly ChatMessage[], answers: readonly string[], signal?: AbortSignal): Promise<Judgement[]>
  /**
   * Re-executes a claim of the same engine class, and tells of some positions (from 0, each below the number of tokens)
   * what is drawn there. Null for a claim that no engine of this class can have made: tokens that the model lacks or never says, an end before
   * the last, or more of them than there was room for. Missing where the engine cannot.
   */
  audit?(claim: GenerationClaim, positions: readonly number[], signal?: AbortSignal): Promise<Audit | null>
  /** Null until a model is loaded. Speeds are measured at load, by running. */
  describe(): EngineDescription | null
  unload(): Promise<void>
}

/** What an engine may offer beside. */
export interface ScoringEngine {
  /**
   * Natural logarithms of the probability of each token of an answer, its end included. Null for an answer that the
   * context cannot hold.
   */
  score(messages: readonly ChatMessage[], answer: string, signal?: AbortSignal): Promise<readonly number[] | null>
}

export interface EngineDescription extends EngineOffer {
  readonly modelId: string
  readonly instrument: Judgement['instrument']
  /** Why the processor computes although there is a graphics device, as an error's name; null or absent where none was meant. */
  readonly fallback?: string | null
}

/** The model's file is missing, damaged, or not supported. */
export class ModelLoadError extends NamedError {}
/** The model's file is whole, but has something in it that this engine cannot run. */
export class ModelUnsupportedError extends ModelLoadError {}
/** The engine stopped working in the middle of a call. It has been rebuilt. */
export class EngineCrashedError extends NamedError {}
/** What another node says that it has read of a conversation is not of this model, or damaged. */
export class PrefixRefusedError extends NamedError {}
/** The last turn alone is longer than the model's context. */
export class ContextOverflowError extends NamedError {}

/** The browser offers no WebGPU, or no graphics device behind it. */
export class NoGpuError extends ModelLoadError {}
/** The model computes in 16-bit floats, and the graphics device cannot. */
export class NoShaderF16Error extends ModelLoadError {}
/** The graphics device went away while a model was loaded onto it: mostly for want of memory. */
export class DeviceLostError extends ModelLoadError {}
/** The model's compiled library and this version of the engine do not fit together. */
export class LibraryMismatchError extends ModelLoadError {}
/** The site may not keep that much on this device. */
export class StorageFullError extends ModelLoadError {}
/** A file of the model is not where it should be. */
export class ModelMissingError extends ModelLoadError {}
/** A file of the model is not what it should be. */
export class ModelDamagedError extends ModelLoadError {}
/** The connection to the model's host failed. What has arrived is kept. */
export class DownloadFailedError extends ModelLoadError {}
/** Another tab of this browser profile is downloading the same model. */
export class DownloadElsewhereError extends ModelLoadError {}
/** The model and its context do not fit into this device's memory, from the beginning or while it works. */
export class OutOfMemoryError extends ModelLoadError {}
/** The browser's WebAssembly lacks what the engine is compiled for: vector instructions (SIMD), or 64-bit memory. */
export class UnsupportedBrowserError extends ModelLoadError {}
