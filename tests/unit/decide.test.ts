import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bytesToHex, concatBytes, hexToBytes, utf8ToBytes } from '#core/bytes.ts'
import { sha256 } from '@noble/hashes/sha2.js'
import type { MessageOf, Verdict } from '#core/protocol/messages.ts'
import { needsForSize } from '#core/session/draw.ts'
import { countedDigests, restrictedTo } from '#core/session/counted.ts'
import { decide, sameVerdict, toScore } from '#core/session/decide.ts'
import type { Entry, SessionRecord } from '#core/session/entry.ts'
import { nodeId } from '#support/session-pair.ts'
import { honestStatements, recordOf, type Script } from '#support/session-pair-record.ts'

vi.setConfig({ testTimeout: 60_000 })

const names = (size: number) => 'abcdefgh'.slice(0, size).split('')

function scripted(size: number, rest: Partial<Script> = {}): Script {
  return { names: names(size), needs: needsForSize(size) ?? { executors: 1, verifiers: 1 }, ...rest }
}

function verdictOf(script: Script, keep: (entry: Entry) => boolean = () => true): Verdict {
  const verdict = decide(recordOf(honestStatements(script).filter(keep)))
  if (!verdict) throw new Error('no verdict')
  return verdict
}

/** A second `decide`, straight from the text of SPEC VER-1 to VER-5, with loops and no shared code. */
function plainDecide(record: SessionRecord): Verdict | null {
  const answers: Entry<MessageOf<'result-revealed'>>[] = []
  const judgements: Entry<MessageOf<'scores-revealed'>>[] = []
  const joins: Entry<MessageOf<'session-joined'>>[] = []
  let opened: Entry<MessageOf<'session-opened'>> | null = null
  for (const { digest, from, message } of record.entries) {
    if (message.type === 'result-revealed') answers.push({ digest, from, message })
    if (message.type === 'scores-revealed') judgements.push({ digest, from, message })
    if (message.type === 'session-joined') joins.push({ digest, from, message })
    if (message.type === 'session-opened') opened = { digest, from, message }
  }
  if (answers.length === 0 || !opened) return null
  const length = (bytes: Uint8Array) => new Uint8Array([0, 0, bytes.length >> 8, bytes.length & 255])
  const hash = (domain: string, parts: Uint8Array[]) =>
    bytesToHex(
      sha256(concatBytes(utf8ToBytes(`tabswarm/3 ${domain}\0`), ...parts.flatMap((part) => [length(part), part]))),
    )
  const salts: string[] = []
  for (const { message } of answers) salts.push(message.salt)
  for (const { message } of judgements) salts.push(message.secretSalt)
  salts.sort()
  const saltsHash = hash('tie', salts.map(hexToBytes))
  const rows = []
  for (const { from, message } of answers) {
    let sum = 0
    let judges = 0
    for (const judgement of judgements) {
      if (judgement.from === from) continue
      for (const { answer, score } of judgement.message.scores) {
        if (answer !== message.answer.digest) continue
        sum += score
        judges++
      }
    }
    const commitment = hash('commitment', [
      hexToBytes(message.session),
      hexToBytes(from),
      utf8ToBytes(`executor/${message.slot.index}`),
      hexToBytes(message.salt),
      hexToBytes(message.answer.digest),
    ])
    const tie = hash('tie', [hexToBytes(saltsHash), hexToBytes(commitment)])
    const aggregate = judges === 0 ? 0 : (sum - (sum % judges)) / judges
    rows.push({ node: from, answer: message.answer.digest, aggregate, judges, tie })
  }
  rows.sort((a, b) => {
    if (a.aggregate !== b.aggregate) return b.aggregate - a.aggregate
    if (a.judges !== b.judges) return b.judges - a.judges
    return a.tie < b.tie ? -1 : 1
  })
  const [best, second] = rows
  if (!best) return null
  const joinOf = (node: string) => joins.find((join) => join.from === node)?.message
  const tainted: string[] = [opened.message.certificate.operator]
  for (const answer of answers) tainted.push(joinOf(answer.from)?.certificate.operator ?? '')
  let independent = 0
  for (const { from } of judgements) if (!tainted.includes(joinOf(from)?.certificate.operator ?? '')) independent++
  const tiers = answers.map((answer) => joinOf(answer.from)?.model.tier ?? 0)
  let lowest = 10_000
  let highest = -1
  for (const judgement of judgements) {
    for (const { answer, score } of judgement.message.scores) {
      if (answer !== best.answer || judgement.from === best.node) continue
      lowest = Math.min(lowest, score)
      highest = Math.max(highest, score)
    }
  }
  const doubtful: Verdict['doubtful'] = []
  if (best.judges > 0 && best.aggregate < 5000) doubtful.push('low-scores')
  if (second && best.aggregate - second.aggregate < 500) doubtful.push('narrow-margin')
  if (best.judges === 0) doubtful.push('no-verifier')
  if (best.judges === 1) doubtful.push('one-verifier')
  if (!second) doubtful.push('one-answer')
  if (highest - lowest > 5000) doubtful.push('disagreement')
  if (judgements.some(({ from }) => (joinOf(from)?.model.tier ?? 0) < Math.max(...tiers)))
    doubtful.push('lower-tier-judge')
  return {
    winner: best.node,
    answer: best.answer,
    ranking: rows.map(({ node, answer, aggregate, judges }) => ({ node, answer, aggregate, judges })),
    margin: best.aggregate - (second?.aggregate ?? 0),
    independence: { independentVerifiers: independent, verifiers: judgements.length },
    doubtful,
  }
}

const anyScript = fc
  .record({
    size: fc.integer({ min: 2, max: 8 }),
    scores: fc.array(fc.oneof(fc.integer({ min: 0, max: 9999 }), fc.constantFrom(0, 5000, 9999), fc.constant(null)), {
      minLength: 64,
      maxLength: 64,
    }),
    operators: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 8, maxLength: 8 }),
    tiers: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 }),
    dropped: fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 3 }),
  })
  .map(({ size, scores, operators, tiers, dropped }) => {
    const at = (name: string) => name.charCodeAt(0) - 97
    const script = scripted(size, {
      operatorOf: (name) => `operator ${operators[at(name)]}`,
      tierOf: (name) => tiers[at(name)] ?? 0,
      scoreOf: (judge, author) => scores[8 * at(judge) + at(author)] ?? null,
    })
    const entries = honestStatements(script)
    const reveals = entries.filter(({ message }) => message.type.endsWith('-revealed'))
    const gone = new Set(dropped.flatMap((i) => reveals[i]?.digest ?? []))
    return entries.filter(({ digest }) => !gone.has(digest))
  })

describe('the verdict', () => {
  test('VER-1: agrees with a second, plain implementation on 1,000 random records', () => {
    fc.assert(
      fc.property(anyScript, (entries) => {
        const record = recordOf(entries)
        expect(decide(record)).toEqual(plainDecide(record))
      }),
      { numRuns: 1000, seed: 20261120 },
    )
  })

  test('VER-1: the order of arrival does not matter, and the numbers are integers', () => {
    fc.assert(
      fc.property(anyScript, fc.infiniteStream(fc.nat()), (entries, keys) => {
        const shuffled = entries
          .map((entry) => ({ entry, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ entry }) => entry)
        const verdict = decide(recordOf(entries))
        expect(decide(recordOf(shuffled))).toEqual(verdict)
        for (const row of verdict?.ranking ?? []) expect(Number.isSafeInteger(row.aggregate)).toBe(true)
      }),
      { numRuns: 60, seed: 7 },
    )
  })

  test('VER-2: reads nothing but what the verdict names', () => {
    fc.assert(
      fc.property(anyScript, (entries) => {
        const record = recordOf(entries)
        const counted = restrictedTo(record, countedDigests(record))
        expect(counted && decide(counted)).toEqual(decide(record))
      }),
      { numRuns: 60, seed: 8 },
    )
  })

  test('VER-1: rounds the mean down', () => {
    const scores: Record<string, number> = {}
    const verdict = verdictOf(
      scripted(5, { scoreOf: (judge) => (scores[judge] ??= Object.keys(scores).length === 0 ? 7000 : 7001) }),
    )
    expect(verdict.ranking[0]?.aggregate).toBe(7000)
  })

  test('VER-1: swapping what two answers were given swaps the outcome', () => {
    const better = (loved: string) =>
      verdictOf(scripted(5, { scoreOf: (_, author) => (author === loved ? 9000 : 2000) }))
    const executors = better('a').ranking.map(({ node }) => node)
    const [one, two] = names(5).filter((name) => executors.includes(nodeId(name))) as [string, string]
    expect(better(one).winner).toBe(nodeId(one))
    expect(better(two).winner).toBe(nodeId(two))
    expect(better(one).margin).toBe(better(two).margin)
  })

  test('VER-1: ties are broken by the salts, not by names or order', () => {
    const winners = new Set<string | null>()
    for (let round = 0; round < 12; round++) {
      winners.add(verdictOf(scripted(5, { answerOf: (name) => `answer ${round} of ${name}` })).winner)
    }
    expect(winners.size).toBeGreaterThan(1)
  })

  test('VER-1: a score that was never revealed is absent', () => {
    const script = scripted(5, { scoreOf: () => 8000 })
    const first = honestStatements(script).find(({ message }) => message.type === 'scores-revealed')
    const verdict = verdictOf(script, ({ digest }) => digest !== first?.digest)
    expect(verdict.ranking.map(({ aggregate, judges }) => [aggregate, judges])).toEqual(Array(3).fill([8000, 1]))
    expect(verdict.independence.verifiers).toBe(1)
  })

  test('VER-1: without an answer there is no verdict', () => {
    const entries = honestStatements(scripted(3)).filter(({ message }) => message.type !== 'result-revealed')
    expect(decide(recordOf(entries))).toBeNull()
  })

  test('VER-3: a judge behind whose operator an answer or the asker stands is not independent', () => {
    expect(verdictOf(scripted(5)).independence).toEqual({ independentVerifiers: 2, verifiers: 2 })
    expect(verdictOf(scripted(3, { operatorOf: () => 'me' })).independence).toEqual({
      independentVerifiers: 0,
      verifiers: 1,
    })
  })

  test('VER-4: doubts say what is thin about a verdict', () => {
    expect(verdictOf(scripted(2)).doubtful).toEqual(['one-verifier', 'one-answer'])
    expect(verdictOf(scripted(5, { scoreOf: () => 100 })).doubtful).toEqual(['low-scores', 'narrow-margin'])
    const judged = verdictOf(scripted(5), ({ message }) => message.type !== 'scores-revealed')
    expect(judged.doubtful).toEqual(['narrow-margin', 'no-verifier'])
    const split = new Map<string, number>()
    const differ = (judge: string, author: string) =>
      author === 'a' ? 9999 - 5999 * (split.get(judge) ?? split.set(judge, split.size).size - 1) : 0
    expect(verdictOf(scripted(5, { scoreOf: differ })).doubtful).toContain('disagreement')
    const tiers = verdictOf(scripted(5, { tierOf: (name) => (name === 'a' ? 3 : 0) }))
    expect(tiers.doubtful).toContain('lower-tier-judge')
  })

  test('VER-5: two verdicts are the same whatever the order of their keys', () => {
    const verdict = verdictOf(scripted(5))
    const turned = Object.fromEntries(Object.entries(verdict).reverse()) as Verdict
    expect(sameVerdict(verdict, turned)).toBe(true)
    expect(sameVerdict(verdict, { ...verdict, margin: verdict.margin + 1 })).toBe(false)
  })

  test('JUDGE-4: quality becomes an integer from 0 to 9999', () => {
    expect([-1, 0, 0.5, 1, 2].map(toScore)).toEqual([0, 0, 5000, 9999, 9999])
  })
})
