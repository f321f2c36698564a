import type { Doubt } from '#core/protocol/messages.ts'
import type { ExecutorView, SessionView, VerifierView, WaitReason } from '#shell/facade.ts'
import { formatDuration, formatScore, plural } from './format.ts'

/** What a session says about itself, in words. Every function reads the view alone. */

const seated = (seat: ExecutorView | VerifierView) => seat.state !== 'replaced'

export const answered = (view: SessionView) => view.executors.filter((e) => e.state === 'revealed')
export const judged = (view: SessionView) => view.verifiers.filter((v) => v.state === 'revealed')

/** Whether several answered, and all with the same words. False for whoever cannot read them. */
export function unanimous(view: SessionView): boolean {
  const texts = answered(view).map((seat) => seat.text)
  return texts.length > 1 && texts[0] !== null && texts.every((text) => text === texts[0])
}

/** What to doubt, for a reader. A narrow margin between equal answers is no doubt. */
export const doubts = (view: SessionView): readonly Doubt[] =>
  view.doubtful.filter((kind) => kind !== 'narrow-margin' || !unanimous(view))

export function totalMs(view: SessionView): number {
  return Object.values(view.durationsMs).reduce((sum, ms) => sum + ms, 0)
}

/** One line under an answer: "2 answered, 1 judged, won by 0.81 to 0.64, 1.2 s". */
export function provenance(view: SessionView): string {
  const ms = totalMs(view)
  const time = ms === 0 ? '' : `, ${formatDuration(ms)}`
  switch (view.outcome) {
    case 'running':
      return progress(view)
    case 'alone':
      return `Not verified: no other tab${time}`
    case 'cancelled':
      return 'Stopped before we decided'
    case 'failed':
      return 'We could not decide'
    case 'answered': {
      const agreed = unanimous(view)
      const parts = [
        `${answered(view).length} ${agreed ? 'gave the same answer' : 'answered'}`,
        `${judged(view).length} judged`,
      ]
      const [first, second] = view.verdict?.ranking ?? []
      if (first && second && !agreed)
        parts.push(`won by ${formatScore(first.aggregate)} to ${formatScore(second.aggregate)}`)
      else if (first) parts.push(`scored ${formatScore(first.aggregate)}`)
      return `${parts.join(', ')}${time}`
    }
  }
}

/** Why a question has not been asked yet. */
export function waiting(reason: WaitReason): string {
  return reason === 'busy' ? 'Waiting: everybody is busy' : 'Waiting: your other questions come first'
}

/** What is happening now, while a session runs. */
export function progress(view: SessionView): string {
  const executors = view.executors.filter(seated)
  const verifiers = view.verifiers.filter(seated)
  switch (view.stage) {
    case 'advertise':
      return view.joined.length === 0 ? 'Asking who is free' : `${plural(view.joined.length, 'tab')} joined`
    case 'execute': {
      const done = executors.filter((e) => e.state === 'committed' || e.state === 'revealed').length
      if (done === 0) return `${plural(executors.length, 'tab')} ${executors.length === 1 ? 'is' : 'are'} answering`
      return `${done} of ${executors.length} answered`
    }
    case 'verify': {
      const done = verifiers.filter((v) => v.state === 'committed' || v.state === 'revealed').length
      return `${answered(view).length} answered, ${done} of ${verifiers.length} judged`
    }
    case 'finalize':
    case 'done':
      return 'We are counting the scores'
  }
}

export function independence(view: SessionView): string {
  if (view.outcome === 'alone') {
    const by = view.aloneModel === null ? '' : ` This tab’s ${view.aloneModel} answered.`
    return `Not verified: no other tab took part.${by}`
  }
  switch (view.independence) {
    case 'independent':
      return 'Independent: nobody who judged belongs to whoever asked or answered.'
    case 'partly': {
      const counts = view.verdict?.independence
      if (!counts) return 'Partly independent: some judges belong to whoever asked or answered.'
      if (counts.independentVerifiers === 0) {
        return 'Not independent: everybody who judged belongs to whoever asked or answered.'
      }
      return `Partly independent: ${counts.independentVerifiers} of ${counts.verifiers} judges belong to nobody who asked or answered.`
    }
    case 'own-tabs':
      return 'Not independent: your own tabs judged this.'
    case 'none':
      return 'Not verified: nobody judged this.'
  }
}

const DOUBTS: Record<Exclude<Doubt, 'lower-tier-judge'>, string> = {
  'low-scores': 'All scores are low: our judges found no answer convincing.',
  'narrow-margin': 'It was close: another answer scored nearly the same.',
  'no-verifier': 'Nobody judged, so this answer is not verified.',
  'one-verifier': 'Only one tab judged.',
  'one-answer': 'Only one answer arrived, so there was nothing to compare it with.',
  disagreement: 'The judges disagree widely.',
}
export const doubt = (kind: Doubt, view: SessionView): string =>
  kind === 'lower-tier-judge' ? judgedFromBelow(view) : DOUBTS[kind]

/** Whether a judge's model is smaller than the largest that answered. */
export function isSmaller(judge: VerifierView, view: SessionView): boolean {
  return judge.tier < Math.max(...answered(view).map(({ tier }) => tier))
}

function judgedFromBelow(view: SessionView): string {
  const judges = judged(view)
  const smaller = judges.filter((judge) => isSmaller(judge, view)).length
  if (smaller === judges.length) return 'Judged by smaller models than the largest one that answered.'
  return `${smaller} of ${judges.length} judges ran smaller models than the largest one that answered.`
}

const EXECUTOR_STATES: Record<ExecutorView['state'], string> = {
  working: 'writing',
  committed: 'sealed',
  revealed: 'answered',
  late: 'late, left out',
  replaced: 'replaced',
}
const VERIFIER_STATES: Record<VerifierView['state'], string> = {
  waiting: 'waiting',
  working: 'judging',
  committed: 'sealed',
  revealed: 'judged',
  late: 'late, left out',
  replaced: 'replaced',
}
export const executorState = (seat: ExecutorView): string => EXECUTOR_STATES[seat.state]
export const verifierState = (seat: VerifierView): string => VERIFIER_STATES[seat.state]

/** The seal in words. */
export function sealText(view: SessionView): string {
  if (view.outcome === 'alone') return 'Seal: one answer by this tab, not verified.'
  const sentences = [`Seal: ${plural(view.executors.filter(seated).length, 'tab')} to answer`]
  for (const verifier of view.verifiers.filter(seated)) {
    const score = view.winner === null ? undefined : verifier.scores[view.winner]
    sentences.push(score === undefined ? `a judge is ${verifierState(verifier)}` : `a judge gave ${formatScore(score)}`)
  }
  if (view.outcome === 'answered') sentences.push(independence(view).replace(/\.$/, ''))
  return `${sentences.join('; ')}.`
}
