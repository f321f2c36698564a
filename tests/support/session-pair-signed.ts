import { ed25519 } from '@noble/curves/ed25519.js'
import { createCrypto } from '#adapters/crypto/create-crypto.ts'
import { bytesToHex, hexToBytes } from '#core/bytes.ts'
import { operatorStatement } from '#core/protocol/domains.ts'
import { decodeEnvelope, encodeEnvelope } from '#core/protocol/envelope.ts'
import { ascending } from '#core/bytes.ts'
import type { Digest, NodeId, OperatorId, Signature } from '#core/protocol/ids.ts'
import type { SessionMessage } from '#core/protocol/messages.ts'
import type { Entry } from '#core/session/entry.ts'
import { countedDigests } from '#core/session/counted.ts'
import { nonceCommitment, resultCommitment, saltCommitment, scoresCommitment } from '#core/session/commitment.ts'
import { decide } from '#core/session/decide.ts'
import { drawRoles } from '#core/session/draw.ts'
import { openTextWith, SessionSecrets } from '#shell/sealing.ts'
import { DEADLINES, modelOffer, saltOf, SESSION } from './session-pair.ts'
import { recordOf, sealed } from './session-pair-record.ts'
import type { ReplayMeans } from '#core/session/replay.ts'
import type { MessageOf } from '#core/protocol/messages.ts'

/** A whole session with real keys: what a transcript holds. */

export const NETWORK = 'test'
export const SESSION_KEY = hexToBytes(saltOf('session key'))

const crypto = createCrypto()

export const means: ReplayMeans = {
  verify: (signer, bytes, signature) => crypto.verify(signer, bytes, signature),
  opener: (sessionKey, session, from) => openTextWith(crypto, sessionKey, session, from),
}

interface Signer {
  readonly name: string
  readonly privateKey: Uint8Array
  readonly node: NodeId
  readonly certificate: { operator: OperatorId; signature: Signature }
  sequence: number
}

export function signerOf(name: string): Signer {
  const privateKey = hexToBytes(saltOf(`key of ${name}`))
  const operatorKey = hexToBytes(saltOf(`operator key of ${name}`))
  const node = bytesToHex(ed25519.getPublicKey(privateKey)) as NodeId
  const signature = bytesToHex(ed25519.sign(operatorStatement(node), operatorKey)) as Signature
  const operator = bytesToHex(ed25519.getPublicKey(operatorKey)) as OperatorId
  return { name, privateKey, node, certificate: { operator, signature }, sequence: 0 }
}

/** Signs and seals a message as the shell does. */
export function frameOf(signer: Signer, message: SessionMessage, network = NETWORK): Uint8Array {
  const pair = crypto.createSealKeyPair(signer.privateKey)
  const secrets = new SessionSecrets(crypto, SESSION, pair, SESSION_KEY)
  const draft = { message, sequence: ++signer.sequence, grants: [] }
  const { signedBytes, complete } = encodeEnvelope(draft, signer.node, network, secrets.sealAs(signer.node))
  // A copy, since Node's codec answers with buffers, whose slices share memory.
  return Uint8Array.from(complete(bytesToHex(ed25519.sign(signedBytes, signer.privateKey)) as Signature))
}

/** Frames of a session among `size` nodes up to its verdict and end. */
export function signedSession(size: number, answerOf = (name: string) => `answer of ${name}`): Uint8Array[] {
  const signers = 'abcdefgh'.slice(0, size).split('').map(signerOf)
  const [leader] = signers as [Signer]
  const frames: Uint8Array[] = []
  const entries: Entry[] = []
  const say = <M extends SessionMessage>(signer: Signer, message: M): Entry<M> => {
    const frame = frameOf(signer, message)
    const decoded = decodeEnvelope(frame, NETWORK)
    if (!decoded.ok) throw new Error(decoded.reason)
    const entry = { digest: decoded.envelope.digest, from: signer.node, message }
    frames.push(frame)
    entries.push(entry)
    return entry
  }
  const session = SESSION
  const nonce = saltOf('leader nonce')
  const opened = say<MessageOf<'session-opened'>>(leader, {
    type: 'session-opened',
    session,
    certificate: leader.certificate,
    invited: signers.map(({ node }) => node),
    needs: { executors: Math.ceil(size / 2), verifiers: Math.floor(size / 2) },
    maxTokens: 64,
    deadlines: DEADLINES,
    price: 0,
    nonceCommitment: nonceCommitment(session, nonce),
    sealKey: crypto.createSealKeyPair(leader.privateKey).publicKey,
  })
  const joins = signers.map((signer) =>
    say<MessageOf<'session-joined'>>(signer, {
      type: 'session-joined',
      session,
      certificate: signer.certificate,
      model: modelOffer(`model of ${signer.name}`),
      executes: true,
      verifies: signer !== leader,
      saltCommitment: saltCommitment(session, signer.node, saltOf(`secret of ${signer.name}`)),
      sealKey: crypto.createSealKeyPair(signer.privateKey).publicKey,
      estimateMs: 10,
    }),
  )
  const roles = drawRoles(opened, joins, nonce)
  if (!roles) throw new Error('no roles')
  say(leader, {
    type: 'roles-assigned',
    session,
    joins: joins.map(({ digest }) => digest).sort(ascending),
    nonce,
    executors: [...roles.executors],
    verifiers: [...roles.verifiers],
    task: sealed('task', '[{"role":"user","content":"2+2"}]'),
  })
  const seat = (node: NodeId) => signers.find((signer) => signer.node === node) as Signer
  const executors = roles.executors.map((node, index) => ({
    signer: seat(node),
    slot: { role: 'executor', index } as const,
  }))
  const verifiers = roles.verifiers.map((node, index) => ({
    signer: seat(node),
    slot: { role: 'verifier', index } as const,
  }))
  const answers = executors.map(({ signer, slot }) => {
    const answer = sealed(`answer of ${signer.name}`, answerOf(signer.name))
    const salt = saltOf(`result of ${signer.name}`)
    const commitment = resultCommitment(session, signer.node, slot, salt, answer.digest)
    say(signer, { type: 'result-committed', session, slot, commitment })
    return { signer, slot, answer, salt }
  })
  for (const { signer, slot, answer, salt } of answers) {
    say(signer, { type: 'result-revealed', session, slot, salt, answer, tokens: 3, durationMs: 10 })
  }
  const scores = answers.map(({ answer }, i) => ({ answer: answer.digest as Digest, score: 8000 - 1000 * i }))
  for (const { signer, slot } of verifiers) {
    const salt = saltOf(`secret of ${signer.name}`)
    const commitment = scoresCommitment(session, signer.node, slot, salt, 'likelihood', scores)
    say(signer, { type: 'scores-committed', session, slot, commitment })
  }
  for (const { signer, slot } of verifiers) {
    const secretSalt = saltOf(`secret of ${signer.name}`)
    const revealed = { session, slot, secretSalt, scores, durationMs: 10 }
    say(signer, { type: 'scores-revealed', instrument: 'likelihood', ...revealed })
  }
  const record = recordOf(entries)
  const verdict = decide(record)
  if (!verdict) throw new Error('no verdict')
  say(leader, { type: 'verdict-reached', session, term: 0, counted: countedDigests(record), verdict })
  say(leader, { type: 'session-closed', session, outcome: 'answered' })
  return frames
}
