import { operatorStatement } from '../protocol/domains.ts'
import { decodeEnvelope, type Envelope } from '../protocol/envelope.ts'
import type { NodeId, OperatorId, SessionId, Signature } from '../protocol/ids.ts'
import type { MessageOf, OperatorCertificate, SessionMessage, Verdict } from '../protocol/messages.ts'
import type { OpenText } from '../protocol/wire.ts'
import { countedResults, countedScores } from './counted.ts'
import type { Entry, SessionRecord } from './entry.ts'
import { allSaid } from './lookup.ts'
import { addEntry, createRecord, textOf } from './record.ts'
import type { Transcript } from './transcript.ts'
import { checkDraw, lowestValidVerdict } from './witness.ts'

/** What replaying needs from outside the core. */
export interface ReplayMeans {
  /** Ed25519. */
  verify(signer: NodeId | OperatorId, bytes: Uint8Array, signature: Signature): Promise<boolean>
  /** Opens what one sender sealed for a session (SPEC SEAL-3). */
  opener(sessionKey: Uint8Array, session: SessionId, from: NodeId): OpenText
}

export type ReplayStepName =
  'frames' | 'signatures' | 'operators' | 'texts' | 'commitments' | 'draw' | 'verdict' | 'objections'

export interface ReplayStep {
  readonly name: ReplayStepName
  readonly ok: boolean
  /** One sentence. */
  readonly detail: string
}

export interface ReplayReport {
  /** Whether every step held. */
  readonly ok: boolean
  readonly session: SessionId | null
  /** The valid verdict of the lowest term. */
  readonly verdict: Verdict | null
  readonly steps: readonly ReplayStep[]
  readonly record: SessionRecord | null
}

type SessionEnvelope = Envelope & { readonly message: SessionMessage }

/**
 * Checks a session anew from its frames alone (SPEC TR-3): nothing that a node computed then is believed. Every frame
 * must decode, be signed, belong to the one session and be taken up; so a changed, foreign or repeated frame fails.
 */
export async function replayTranscript(transcript: Transcript, means: ReplayMeans): Promise<ReplayReport> {
  const steps: ReplayStep[] = []
  const report = (name: ReplayStepName, problem: string | null, success: string) => {
    steps.push({ name, ok: problem === null, detail: problem ?? success })
    return problem === null
  }
  const done = (record: SessionRecord | null, verdict: Verdict | null): ReplayReport => {
    const ok = steps.every((step) => step.ok)
    return { ok, session: record?.session ?? null, verdict: ok ? verdict : null, steps, record }
  }

  const { envelopes, problem } = decodeFrames(transcript)
  const session = envelopes[0]?.message.session
  const decoded = report('frames', problem, `${envelopes.length} frames decode and belong to one session.`)
  if (!decoded || session === undefined) return done(null, null)

  report('signatures', await findForged(envelopes, means), `${envelopes.length} signatures are valid.`)
  const certified = envelopes.flatMap(certificateOf)
  report('operators', await findUncertified(certified, means), `${certified.length} operator certificates are valid.`)

  const opened = envelopes.map((envelope) => openEnvelope(transcript, envelope, means))
  report('texts', findClosed(transcript, opened), textsDetail(transcript, opened))

  const { record, refusal } = rebuild(session, opened)
  report('commitments', refusal, commitmentsDetail(record))
  report('draw', drawProblem(record), 'The roles are what the joins and the nonces give.')
  const verdict = lowestValidVerdict(record)
  const noVerdict = allSaid(record, 'verdict-reached').length === 0 ? 'No verdict was reached.' : DIFFERS
  report('verdict', verdict ? null : noVerdict, verdict ? verdictDetail(verdict) : '')
  report('objections', null, objectionsDetail(record))
  return done(record, verdict?.message.verdict ?? null)
}

const DIFFERS = 'Recomputing from the counted statements gives another verdict, or some of them are missing.'

function decodeFrames(transcript: Transcript): { envelopes: SessionEnvelope[]; problem: string | null } {
  const envelopes: SessionEnvelope[] = []
  for (const [index, frame] of transcript.frames.entries()) {
    const decoded = decodeEnvelope(frame, transcript.network)
    if (!decoded.ok) return { envelopes, problem: `Frame ${index} does not decode: ${decoded.reason}.` }
    const { envelope } = decoded
    if (!ofSession(envelope)) return { envelopes, problem: `Frame ${index} belongs to no session.` }
    const first = envelopes[0] ?? envelope
    if (envelope.message.session !== first.message.session) {
      return { envelopes, problem: `Frame ${index} belongs to another session.` }
    }
    if (envelopes.some((other) => other.digest === envelope.digest)) {
      return { envelopes, problem: `Frame ${index} is there twice.` }
    }
    envelopes.push(envelope)
  }
  return { envelopes, problem: envelopes.length > 0 ? null : 'There are no frames.' }
}

function ofSession(envelope: Envelope): envelope is SessionEnvelope {
  return 'session' in envelope.message
}

async function findForged(envelopes: readonly SessionEnvelope[], means: ReplayMeans): Promise<string | null> {
  for (const [index, { from, signedBytes, signature }] of envelopes.entries()) {
    if (!(await means.verify(from, signedBytes, signature))) return `The signature of frame ${index} is not valid.`
  }
  return null
}

type Certified = { readonly node: NodeId; readonly certificate: OperatorCertificate }

function certificateOf({ from, message }: SessionEnvelope): Certified[] {
  return 'certificate' in message ? [{ node: from, certificate: message.certificate }] : []
}

async function findUncertified(certified: readonly Certified[], means: ReplayMeans): Promise<string | null> {
  for (const { node, certificate } of certified) {
    const valid = await means.verify(certificate.operator, operatorStatement(node), certificate.signature)
    if (!valid) return `The operator certificate of node ${node} is not valid.`
  }
  return null
}

/** The same statement with its text open, where the transcript's key opens it. */
function openEnvelope({ network, sessionKey }: Transcript, envelope: SessionEnvelope, means: ReplayMeans) {
  if (!sessionKey || !textOf(envelope.message)) return envelope
  const open = means.opener(sessionKey, envelope.message.session, envelope.from)
  const decoded = decodeEnvelope(envelope.frame, network, open)
  return decoded.ok && ofSession(decoded.envelope) ? decoded.envelope : envelope
}

function textsIn(envelopes: readonly SessionEnvelope[]) {
  return envelopes.flatMap(({ message }) => textOf(message) ?? [])
}

function findClosed({ sessionKey }: Transcript, opened: readonly SessionEnvelope[]): string | null {
  if (!sessionKey) return null
  const closed = textsIn(opened).filter((text) => text.text === null)
  return closed.length === 0 ? null : `${closed.length} texts do not open with the session key.`
}

function textsDetail({ sessionKey }: Transcript, opened: readonly SessionEnvelope[]): string {
  const count = textsIn(opened).length
  return sessionKey ? `${count} texts open with the session key.` : `${count} texts stay sealed: there is no key.`
}

function rebuild(session: SessionId, envelopes: readonly SessionEnvelope[]) {
  let record = createRecord(session)
  let refusal: string | null = null
  for (const [index, { digest, from, message }] of envelopes.entries()) {
    const addition = addEntry(record, { digest, from, message })
    record = addition.record
    const refused = addition.refused[0]
    if (refused) refusal ??= `Frame ${index} was refused: ${refused.reason}.`
  }
  if (record.early.length > 0) refusal ??= `${record.early.length} frames rest on others that are missing.`
  return { record, refusal }
}

function commitmentsDetail(record: SessionRecord): string {
  const reveals = allSaid(record, 'result-revealed').length + allSaid(record, 'scores-revealed').length
  const commitments = allSaid(record, 'result-committed').length + allSaid(record, 'scores-committed').length
  return `${reveals} reveals match their commitments; ${commitments - reveals} commitments were never revealed.`
}

function drawProblem(record: SessionRecord): string | null {
  const check = checkDraw(record)
  if (check === 'holds') return null
  return check === 'differs'
    ? 'The roles are not what the joins and the nonces give.'
    : 'Parts of the draw are missing.'
}

function verdictDetail({ message }: Entry<MessageOf<'verdict-reached'>>): string {
  const { verdict, counted, term } = message
  const by = term === 0 ? 'the asker' : `the take-over of term ${term}`
  return `Recomputed from ${counted.length} statements named by ${by}: winner ${verdict.winner}, margin ${verdict.margin}.`
}

function objectionsDetail(record: SessionRecord): string {
  const count = allSaid(record, 'objection').length
  const judged = `${countedResults(record).length} answers, ${countedScores(record).length} sets of scores`
  return count === 0 ? `Nobody objected (${judged}).` : `${count} objections were raised (${judged}).`
}
