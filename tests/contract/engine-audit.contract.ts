import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Audit, Engine, Generation, GenerationClaim } from '#ports/engine.ts'
import { check, equal, rejects } from '#support/assert.ts'
import type { ContractCase } from './engine.contract.ts'

export interface AuditSubject {
  /** With `audit`, and nothing loaded. */
  create(): Engine
  readonly modelId: string
}

type Options = GenerationClaim['options']

const ask = (content: string): ChatMessage[] => [{ role: 'user', content }]
const QUESTION = ask('What is the capital of France?')
const OTHER_QUESTION = ask('Put horse, elbow, cotton in alphabetical order.')
const GREEDY: Options = { seed: 7, temperature: 0, maxTokens: 48 }
const SAMPLED: Options = { seed: 7, temperature: 1.5, maxTokens: 48 }
const SEEDS = [1, 2, 3, 4]

async function claimOf(engine: Engine, messages: readonly ChatMessage[], options: Options) {
  const tokens = engine.generate(messages, options)
  let next = await tokens.next()
  while (!next.done) next = await tokens.next()
  const generation: Generation = next.value
  const { tokenIds } = generation
  check(tokenIds !== undefined, 'the generation does not tell its tokens')
  return { generation, claim: { messages, options, tokenIds } }
}

const places = (tokenIds: readonly unknown[]): number[] => Array.from(tokenIds.keys())

/** What every engine that offers `audit` promises. */
export function auditContract({ create, modelId }: AuditSubject): ContractCase[] {
  let shared: Engine | null = null
  const withModel = (title: string, body: (engine: Engine) => Promise<void>): ContractCase => ({
    title,
    async run() {
      shared ??= create()
      if (shared.describe() === null) await shared.load(modelId)
      await body(shared)
    },
  })
  const audit = async (engine: Engine, claim: GenerationClaim, positions?: readonly number[]): Promise<Audit> => {
    check(engine.audit !== undefined, 'the engine offers no audit')
    const found = await engine.audit(claim, positions ?? places(claim.tokenIds))
    check(found !== null, 'the claim was refused')
    return found
  }
  const isHit = ({ tokens }: Audit): boolean => tokens.every(({ miss }) => miss === 0)

  return [
    withModel('what a generation drew spells its text', async (engine) => {
      for (const options of [GREEDY, SAMPLED]) {
        const { generation, claim } = await claimOf(engine, QUESTION, options)
        equal((await audit(engine, claim, [])).text, generation.text, 'text')
        equal(claim.tokenIds.length, generation.tokens, 'tokens')
      }
    }),
    withModel('a greedy generation is the likeliest at every place, within the tolerance', async (engine) => {
      const { claim } = await claimOf(engine, QUESTION, GREEDY)
      const { tokens, tolerance } = await audit(engine, claim)
      check(tolerance > 0 && tolerance < 0.01, `tolerance ${tolerance}`)
      for (const { position, claimed, best, miss } of tokens) {
        check(claimed <= best && best <= 0, `${claimed} and ${best} at ${position}`)
        check(best - claimed <= tolerance, `${best - claimed} less than the likeliest at ${position}`)
        equal(miss, 0, `miss at ${position}`)
      }
    }),
    withModel('a sampled generation is what its seed draws, at every place', async (engine) => {
      for (const seed of SEEDS) {
        const options = { ...SAMPLED, seed, topK: 40, topP: 0.98, minP: 0.001, repetitionPenalty: 1.1 }
        const { claim } = await claimOf(engine, QUESTION, options)
        check(isHit(await audit(engine, claim)), `a token that seed ${seed} drew is not what it draws`)
      }
    }),
    withModel('a changed token shows at its place, and not before it', async (engine) => {
      const { claim } = await claimOf(engine, QUESTION, GREEDY)
      const at = 2
      const { tokens: before } = await audit(engine, claim, [0, 1, at])
      const changed = claim.tokenIds.with(at, claim.tokenIds.find((token) => token !== claim.tokenIds[at]) ?? 0)
      const { tokens, tolerance } = await audit(engine, { ...claim, tokenIds: changed.slice(0, -1) }, [0, 1, at])
      equal(
        tokens.slice(0, at).map(({ miss }) => miss),
        before.slice(0, at).map(({ miss }) => miss),
        'miss before',
      )
      const [, , wrong] = tokens
      check(wrong !== undefined && wrong.best - wrong.claimed > tolerance && wrong.miss > 0, 'not found out')
    }),
    withModel('an answer to another question, with another seed or temperature, is found out', async (engine) => {
      let lies = 0
      for (const seed of SEEDS) {
        const { claim } = await claimOf(engine, OTHER_QUESTION, { ...SAMPLED, seed })
        for (const truth of [
          { messages: QUESTION, options: claim.options },
          { messages: OTHER_QUESTION, options: { ...SAMPLED, seed: seed + 1 } },
          { messages: OTHER_QUESTION, options: { ...SAMPLED, seed, temperature: 0 } },
        ]) {
          const { claim: honest } = await claimOf(engine, truth.messages, truth.options)
          // A model may be so sure of an answer that any seed gives it.
          if (honest.tokenIds.join() === claim.tokenIds.join()) continue
          lies++
          check(!isHit(await audit(engine, { ...claim, ...truth })), `seed ${seed}: not found out`)
        }
      }
      check(lies >= SEEDS.length, `only ${lies} lies were told`)
    }),
    withModel('any positions may be asked for, in any order, and each is told alike', async (engine) => {
      const { claim } = await claimOf(engine, QUESTION, SAMPLED)
      const last = claim.tokenIds.length - 1
      const { tokens: all, tolerance } = await audit(engine, claim)
      const asked = [last, 0, 1, last]
      const { tokens } = await audit(engine, claim, asked)
      equal(
        tokens.map(({ position }) => position),
        asked,
        'positions',
      )
      for (const { position, claimed } of tokens) {
        const difference = Math.abs(claimed - (all[position]?.claimed ?? NaN))
        check(difference <= tolerance, `${difference} at ${position}`)
      }
      await rejects(engine.audit?.(claim, [last + 1]) ?? Promise.resolve(), RangeError)
    }),
    withModel('a claim that no run can have made is refused', async (engine) => {
      const { claim } = await claimOf(engine, QUESTION, GREEDY)
      const contextTokens = engine.describe()?.contextTokens ?? 0
      const impossible: readonly Partial<GenerationClaim>[] = [
        { tokenIds: [2 ** 31] },
        { tokenIds: [-1] },
        { tokenIds: [0.5] },
        { options: { ...GREEDY, maxTokens: claim.tokenIds.length - 1 } },
        { options: { ...GREEDY, maxTokens: 1e9 }, tokenIds: Array.from({ length: contextTokens }, () => 5) },
        { messages: ask('why? '.repeat(contextTokens)) },
      ]
      for (const change of impossible) equal(await engine.audit?.({ ...claim, ...change }, [0]), null, 'audit')
    }),
    withModel('auditing obeys its signal, and changes nothing that is said', async (engine) => {
      const { claim, generation } = await claimOf(engine, QUESTION, SAMPLED)
      const abort = new AbortController()
      const auditing = engine.audit?.(claim, places(claim.tokenIds), abort.signal) ?? Promise.resolve(null)
      abort.abort()
      await rejects(auditing, Error, 'AbortError')
      equal((await claimOf(engine, QUESTION, SAMPLED)).generation, generation, 'generation')
    }),
  ]
}
