import type { EngineOffer } from '#core/protocol/messages.ts'
import type { EngineDescription } from '#ports/engine.ts'

/** The part of an engine's description that travels. */
export function offerOf(description: EngineDescription): EngineOffer {
  const { modelDigest, modelName, engineClass, tier, contextTokens, instrument } = description
  const { prefillTokensPerSecond, decodeTokensPerSecond } = description
  const speed = (tokensPerSecond: number) => Math.max(1, Math.round(tokensPerSecond))
  return {
    modelDigest,
    modelName,
    engineClass,
    tier,
    contextTokens,
    prefillTokensPerSecond: speed(prefillTokensPerSecond),
    decodeTokensPerSecond: speed(decodeTokensPerSecond),
    // A likelihood is forced through token by token; a rating reads the answer as part of its prompt.
    judgeTokensPerSecond: speed(instrument === 'rating' ? prefillTokensPerSecond : decodeTokensPerSecond),
  }
}
