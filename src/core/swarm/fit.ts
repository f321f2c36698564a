import type { EngineOffer, MessageOf } from '../protocol/messages.ts'

/** How long work takes on an engine, by its measured speed, and whether that fits (SPEC FIT-1, FIT-2). */

export type Speed = Pick<EngineOffer, 'prefillTokensPerSecond' | 'decodeTokensPerSecond' | 'judgeTokensPerSecond'>

/** What a session asks of its members, at the most. */
export interface Task {
  readonly promptTokens: number
  readonly maxTokens: number
}

export interface StageTimes {
  readonly executeMs: number
  readonly verifyMs: number
}

export interface RolesOffered {
  readonly executes: boolean
  readonly verifies: boolean
}

/** How long an engine that works may give no sign of it, at least; in ms. */
const LEAST_PATIENCE_MS = 30_000

/** Over what reading and judging should take: the speeds were measured, and machines are busy with other things too. */
const PATIENCE_MARGIN = 4

/** How long an engine is waited for that should give the next sign after so long, in ms (SPEC EXE-5). */
export function patienceMs(expectedMs: number): number {
  return Math.max(LEAST_PATIENCE_MS, PATIENCE_MARGIN * expectedMs)
}

/** A device that is busy with something else may take twice as long as when it was measured. */
const MARGIN = 2

/** How long an answer of full length takes, and judging so many of them, on an engine that does nothing else; in ms. */
export function workOf(speed: Speed, { promptTokens, maxTokens }: Task, answers: number): StageTimes {
  const seconds = (tokens: number, perSecond: number) => tokens / Math.max(1, perSecond)
  const reading = seconds(promptTokens, speed.prefillTokensPerSecond)
  return {
    executeMs: Math.round(1000 * (reading + seconds(maxTokens, speed.decodeTokensPerSecond))),
    verifyMs: Math.round(1000 * answers * (reading + seconds(maxTokens, speed.judgeTokensPerSecond))),
  }
}

/**
 * Which roles an engine can fill in a session's time (SPEC FIT-2). The opening does not tell the prompt's length, so the asker
 * reckons with that before it invites.
 */
export function rolesThatFit(
  speed: Speed,
  { maxTokens, needs, deadlines }: Pick<MessageOf<'session-opened'>, 'maxTokens' | 'needs' | 'deadlines'>,
): RolesOffered {
  const { executeMs, verifyMs } = workOf(speed, { promptTokens: 0, maxTokens }, needs.executors)
  return { executes: executeMs * MARGIN <= deadlines.executeMs, verifies: verifyMs * MARGIN <= deadlines.verifyMs }
}
