import type { ChatMessage } from '#core/protocol/messages.ts'
import { toScore } from '#core/session/decide.ts'
import type { Job, OwnAnswer, OwnScores } from '#core/session/state.ts'
import type { Writing } from '#core/swarm/speed.ts'
import type { Clock } from '#ports/clock.ts'
import type { Engine } from '#ports/engine.ts'

/** One job on one engine, timed; whose turn it is, is the desk's to say. */

export type WritingJob = Extract<Job, { kind: 'generate' }>
export type JudgingJob = Extract<Job, { kind: 'judge' }>

/** `onText` gets the whole text so far, with every piece. Throws the engine's errors. */
export async function write(
  engine: Engine,
  job: WritingJob,
  clock: Clock,
  onText: (text: string) => void,
  signal: AbortSignal,
): Promise<{ readonly answer: OwnAnswer; readonly writing: Writing }> {
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
    firstAt ??= clock.now()
    if (next.done) {
      const { tokens, droppedTurns } = next.value
      const tookMs = clock.now() - startedAt
      return {
        answer: { text: next.value.text, tokens, droppedTurns, durationMs: wholeMs(tookMs) },
        writing: { tokens, tookMs, writingMs: clock.now() - firstAt },
      }
    }
    text += next.value.text
    onText(text)
  }
}

/** Throws the engine's errors. */
export async function judge(engine: Engine, job: JudgingJob, clock: Clock, signal: AbortSignal): Promise<OwnScores> {
  const startedAt = clock.now()
  const texts = job.answers.map((answer) => answer.text)
  const judgements = await engine.judge(job.messages as ChatMessage[], texts, signal)
  const scores = job.answers.map(({ digest }, i) => ({ answer: digest, score: toScore(judgements[i]?.quality ?? 0) }))
  const instrument = judgements[0]?.instrument ?? 'likelihood'
  return { instrument, scores, durationMs: wholeMs(clock.now() - startedAt) }
}

/** What a node writes to see how fast it is: no question is twice the same, or it would be read from a cache. */
export function probeJob(run: number): WritingJob {
  const content = `${run}: tell the story of the quick brown fox and the lazy dog`
  return { kind: 'generate', messages: [{ role: 'user', content }], seed: run, temperatureMilli: 0, maxTokens: 24 }
}

function wholeMs(durationMs: number): number {
  return Math.max(0, Math.round(durationMs))
}
