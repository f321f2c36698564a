import type { MessageType } from '#core/protocol/messages.ts'
import type { Part } from './figures.ts'
import type { Statement } from './page/probe.ts'

/** One question as its asker saw it; times in ms on the asker's clock. */
export interface Asked {
  readonly session: string
  readonly startedMs: number
  readonly endedMs: number
}

/**
 * Seconds of a session that are not a model's: all of it, less the slowest executor's and the slowest verifier's work
 * as they state it, signed, when they reveal. With the parts that it is the sum of. Parts that a model works in are
 * given less its work.
 */
export function coordinationOf(asked: Asked, statements: readonly Statement[]): { totalS: number; parts: Part[] } {
  const ofSession = statements.filter(({ session }) => session === asked.session)
  const first = (type: MessageType) => Math.min(...ofSession.filter((each) => each.type === type).map(atMs))
  const last = (type: MessageType) => Math.max(...ofSession.filter((each) => each.type === type).map(atMs))
  const worked = (type: MessageType) => Math.max(...ofSession.filter((each) => each.type === type).map(workedMs))
  const executing = worked('result-revealed')
  const verifying = worked('scores-revealed')
  const moments: readonly (readonly [part: string, untilMs: number, ofModel: number])[] = [
    ['choosing whom to invite, keeping the question', first('session-opened'), 0],
    ['invitation out, joins in, roles drawn and keys wrapped', first('roles-assigned'), 0],
    ['roles out, last answer committed', last('result-committed'), executing],
    ['last answer revealed', last('result-revealed'), 0],
    ['last scores committed', last('scores-committed'), verifying],
    ['last scores revealed', last('scores-revealed'), 0],
    ['verdict signed and published', first('verdict-reached'), 0],
    ['verdict adopted, answer handed over', asked.endedMs, 0],
  ]
  let sinceMs = asked.startedMs
  const parts = moments.map(([part, untilMs, ofModel]) => {
    const amount = (untilMs - sinceMs - ofModel) / 1000
    sinceMs = untilMs
    return { part, amount }
  })
  return { totalS: (asked.endedMs - asked.startedMs - executing - verifying) / 1000, parts }
}

const atMs = (statement: Statement) => statement.atMs
const workedMs = (statement: Statement) => statement.workedMs
