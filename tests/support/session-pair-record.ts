import { ascending } from '#core/bytes.ts'
import { domainHash, textDigest } from '#core/protocol/domains.ts'
import type { Digest, NodeId } from '#core/protocol/ids.ts'
import type { MessageOf, Needs, SessionMessage, Slot } from '#core/protocol/messages.ts'
import { nonceCommitment, resultCommitment, saltCommitment, scoresCommitment } from '#core/session/commitment.ts'
import { drawRoles } from '#core/session/draw.ts'
import type { Entry, SessionRecord } from '#core/session/entry.ts'
import { addEntry, createRecord } from '#core/session/record.ts'
import { certificateOf, DEADLINES, modelOffer, nodeId, saltOf, sealKeyOf, SESSION } from './session-pair.ts'

/** Everything that an honest session would say, as statements to shuffle, drop and change. */
export interface Script {
  readonly names: readonly string[]
  readonly needs: Needs
  readonly operatorOf?: (name: string) => string
  readonly tierOf?: (name: string) => number
  /** A verifier's score of an executor's answer; null where it gives none. */
  readonly scoreOf?: (verifier: string, executor: string) => number | null
  readonly answerOf?: (executor: string) => string
}

export function entryOf<M extends SessionMessage>(from: NodeId, message: M): Entry<M> {
  return { digest: domainHash('statement', [from, JSON.stringify(message)]), from, message }
}

export function openedBy(name: string, names: readonly string[], needs: Needs, operator = name) {
  return entryOf(nodeId(name), {
    type: 'session-opened',
    session: SESSION,
    certificate: certificateOf(operator),
    invited: names.map(nodeId),
    needs,
    maxTokens: 64,
    deadlines: DEADLINES,
    price: 0,
    nonceCommitment: nonceCommitment(SESSION, saltOf('leader nonce')),
    sealKey: sealKeyOf(name),
  })
}

export interface JoinOptions {
  readonly operator?: string
  readonly model?: string
  readonly tier?: number
  readonly executes?: boolean
  readonly verifies?: boolean
}

export function joinBy(name: string, options: JoinOptions = {}): Entry<MessageOf<'session-joined'>> {
  return entryOf(nodeId(name), {
    type: 'session-joined',
    session: SESSION,
    certificate: certificateOf(options.operator ?? name),
    model: modelOffer(options.model ?? `model-${name}`, options.tier),
    executes: options.executes ?? true,
    verifies: options.verifies ?? true,
    saltCommitment: saltCommitment(SESSION, nodeId(name), saltOf(`secret of ${name}`)),
    sealKey: sealKeyOf(name),
    estimateMs: 1000,
  })
}

export function sealed(purpose: string, text: string) {
  const salt = saltOf(purpose)
  return { digest: textDigest(SESSION, salt, text), salt, text }
}

export function resultOf(name: string, slot: Slot, text: string): [Entry, Entry] {
  const answer = sealed(`answer of ${name}`, text)
  const salt = saltOf(`result of ${name}`)
  const from = nodeId(name)
  const commitment = resultCommitment(SESSION, from, slot, salt, answer.digest)
  return [
    entryOf(from, { type: 'result-committed', session: SESSION, slot, commitment }),
    entryOf(from, { type: 'result-revealed', session: SESSION, slot, salt, answer, tokens: 3, durationMs: 10 }),
  ]
}

export function scoresOf(name: string, slot: Slot, scores: { answer: Digest; score: number }[]): [Entry, Entry] {
  const from = nodeId(name)
  const secretSalt = saltOf(`secret of ${name}`)
  const instrument = 'likelihood'
  const commitment = scoresCommitment(SESSION, from, slot, secretSalt, instrument, scores)
  const revealed = { session: SESSION, slot, secretSalt, instrument, scores, durationMs: 10 } as const
  return [
    entryOf(from, { type: 'scores-committed', session: SESSION, slot, commitment }),
    entryOf(from, { type: 'scores-revealed', ...revealed, scores: [...scores] }),
  ]
}

export function honestStatements(script: Script): Entry[] {
  const { names, needs } = script
  const operatorOf = script.operatorOf ?? ((name: string) => name)
  const leader = names[0] as string
  const opened = openedBy(leader, names, needs, operatorOf(leader))
  const joins = names.map((name) => {
    return joinBy(name, { operator: operatorOf(name), tier: script.tierOf?.(name) ?? 0, verifies: name !== leader })
  })
  const nonce = saltOf('leader nonce')
  const roles = drawRoles(opened, joins, nonce)
  if (!roles) throw new Error('no roles for this script')
  const nameOf = (node: NodeId) => names.find((name) => nodeId(name) === node) as string
  const assigned = entryOf(nodeId(leader), {
    type: 'roles-assigned',
    session: SESSION,
    joins: joins.map(({ digest }) => digest).sort(ascending),
    nonce,
    executors: [...roles.executors],
    verifiers: [...roles.verifiers],
    task: sealed('task', '[{"role":"user","content":"2+2"}]'),
  })
  const answerOf = script.answerOf ?? ((name: string) => `answer of ${name}`)
  const executors = roles.executors.map((node, index) => ({ name: nameOf(node), index }))
  const results = executors.map(({ name, index }) => resultOf(name, { role: 'executor', index }, answerOf(name)))
  const scores = roles.verifiers.map((node, index) => {
    const judge = nameOf(node)
    const given = executors.flatMap(({ name }) => {
      const score = script.scoreOf ? script.scoreOf(judge, name) : 5000
      return score === null ? [] : [{ answer: sealed(`answer of ${name}`, answerOf(name)).digest, score }]
    })
    return scoresOf(judge, { role: 'verifier', index }, given)
  })
  return [opened, ...joins, assigned, ...results.flat(), ...scores.flat()]
}

export function recordOf(entries: readonly Entry[]): SessionRecord {
  return entries.reduce((record, entry) => addEntry(record, entry).record, createRecord(SESSION))
}
