/**
 * The world in which fake engines know things: every question has one right word among a few, drawn by its hash. So a
 * simulation can tell whether a swarm's answer was right.
 */

const WORDS = ['amber', 'basalt', 'cedar', 'delta', 'ember', 'fjord', 'garnet', 'harbour', 'iris', 'juniper', 'kelp']
const CANDIDATES = 4

/** The words that could answer a question, the right one first. */
export function candidatesFor(question: string): string[] {
  const start = hashOf(0, question)
  return Array.from({ length: CANDIDATES }, (_, index) => WORDS[(start + index * 3) % WORDS.length] ?? '')
}

export const rightWord = (question: string): string => candidatesFor(question)[0] ?? ''

const sentence = (word: string): string => `It is ${word}, as far as I know.`

interface Speaker {
  readonly self: number
  readonly skill: number
  readonly question: string
  readonly seed: number
  readonly temperature: number
}

/** What it believes, or, the warmer the likelier, another candidate. */
export function fakeAnswer({ self, skill, question, seed, temperature }: Speaker): string {
  const candidates = candidatesFor(question)
  const knows = fraction(self, `knows ${question}`) < skill
  const belief = knows ? 0 : 1 + (hashOf(self, `errs ${question}`) % (CANDIDATES - 1))
  const wanders = fraction(seed, `wanders ${self} ${question}`) < Math.min(temperature / 2, 0.9)
  const choice = wanders ? hashOf(seed, `chooses ${self} ${question}`) % CANDIDATES : belief
  return sentence(candidates[choice] ?? '')
}

interface Judge {
  readonly self: number
  readonly judgeNoise: number
  readonly question: string
  readonly answer: string
}

/** Right answers please most, fluent ones more than others, and every judge errs a little in its own way. */
export function fakeQuality({ self, judgeNoise, question, answer }: Judge): number {
  const right = answer.toLowerCase().includes(rightWord(question))
  const fluent = candidatesFor(question).some((word) => answer === sentence(word))
  const error = (2 * fraction(self, `judges ${question}\n${answer}`) - 1) * judgeNoise
  return Math.min(1, Math.max(0, (right ? 0.8 : fluent ? 0.35 : 0.1) + error))
}

/** FNV-1a over UTF-16 units, mixed by murmur3's finaliser. */
export function hashOf(seed: number, text: string): number {
  let hash = 0x811c9dc5 ^ seed
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}

const fraction = (seed: number, text: string): number => hashOf(seed, text) / 2 ** 32
