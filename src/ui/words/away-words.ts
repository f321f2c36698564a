import type { AbsenceView } from '#shell/facade.ts'
import { plural } from './format.ts'

/** What a standstill cost, in one sentence. */
export function sleptWords({ durationMs, questionsLost }: AbsenceView): string {
  const minutes = Math.round(durationMs / 60_000)
  const time =
    minutes < 1 ? 'a moment' : minutes < 120 ? plural(minutes, 'minute') : plural(Math.round(minutes / 60), 'hour')
  const lost = questionsLost === 1 ? 'a question was' : `${questionsLost} questions were`
  return `This device stood still for ${time}, and ${lost} lost meanwhile. Ask again.`
}
