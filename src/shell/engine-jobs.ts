import { utf8ToBytes } from '#core/bytes.ts'
import type { ChatMessage, ModelOffer } from '#core/protocol/messages.ts'
import { toScore } from '#core/session/decide.ts'
import type { Job, OwnAnswer, OwnScores } from '#core/session/state.ts'
import { patienceMs, workOf, type StageTimes, type Task } from '#core/swarm/fit.ts'
import type { Writing } from '#core/swarm/speed.ts'
import type { Clock } from '#ports/clock.ts'
import { ModelLoadError, type Engine } from '#ports/engine.ts'
import { offerOf } from './offer.ts'
import { withPatience } from './patience.ts'
import { estimateTokens } from './question.ts'

/** One job on one engine, timed, and given up where it stands still; whose turn it is, is the desk's to say. */

export type WritingJob = Extract<Job, { kind: 'generate' }>
export type JudgingJob = Extract<Job, { kind: 'judge' }>

export interface Written {
  readonly answer: OwnAnswer
  readonly writing: Writing
}

/** `onText` gets the whole text so far, with every piece. Throws the engine's errors. */
export async function write(
  engine: Engine,
  job: WritingJob,
  clock: Clock,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<Written> {
  const task = { promptTokens: estimateTokens(job.messages), maxTokens: 0 }
  return withPatience(clock, patienceMs(timesOn(engine, task, 1).executeMs), signal, async (signal, isAlive) => {
    const startedAt = clock.now()
    const generation = engine.generate(job.messages, {
      seed: job.seed,
      temperature: job.temperatureMilli / 1000,
      maxTokens: job.maxTokens,
      signal,
    })
    let text = ''
    let firstAt: number | undefined
    for (;;) {
      const next = await generation.next()
      isAlive()
      firstAt ??= clock.now()
      if (next.done) {
        const { tokens, droppedTurns } = next.value
        const tookMs = clock.now() - startedAt
        const by = modelOf(engine)
        return {
          answer: { by, text: next.value.text, tokens, droppedTurns, durationMs: wholeMs(tookMs) },
          writing: { tokens, tookMs, writingMs: clock.now() - firstAt },
        }
      }
      text += next.value.text
      onText(text)
    }
  })
}

/** Throws the engine's errors. */
export async function judge(engine: Engine, job: JudgingJob, clock: Clock, signal: AbortSignal): Promise<OwnScores> {
  const texts = job.answers.map((answer) => answer.text)
  const longest = Math.max(0, ...texts.map((text) => Math.ceil(utf8ToBytes(text).length / 3)))
  const task = { promptTokens: estimateTokens(job.messages), maxTokens: longest }
  const { verifyMs } = timesOn(engine, task, texts.length)
  return withPatience(clock, patienceMs(verifyMs), signal, async (signal) => {
    const startedAt = clock.now()
    const judgements = await engine.judge(job.messages as ChatMessage[], texts, signal)
    const scores = job.answers.map(({ digest }, i) => ({ answer: digest, score: toScore(judgements[i]?.quality ?? 0) }))
    const instrument = judgements[0]?.instrument ?? 'likelihood'
    return { instrument, scores, durationMs: wholeMs(clock.now() - startedAt) }
  })
}

/** What a node writes to see how fast it is: no question is twice the same, or it would be read from a cache. */
export function probeJob(run: number): WritingJob {
  const content = `${run}: tell the story of the quick brown fox and the lazy dog`
  return { kind: 'generate', messages: [{ role: 'user', content }], seed: run, temperatureMilli: 0, maxTokens: 24 }
}

function modelOf(engine: Engine): ModelOffer {
  const description = engine.describe()
  if (!description) throw new ModelLoadError('No model is loaded.')
  const { modelDigest, modelName, tier } = description
  return { modelDigest, modelName, tier }
}

/** An engine that has lost its model may find it again when it is called, and says best itself why it does not. */
function timesOn(engine: Engine, task: Task, answers: number): StageTimes {
  const description = engine.describe()
  return description ? workOf(offerOf(description), task, answers) : { executeMs: 0, verifyMs: 0 }
}

function wholeMs(durationMs: number): number {
  return Math.max(0, Math.round(durationMs))
}
