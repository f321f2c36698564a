import { createDice, type Dice } from './sim-dice.ts'

/**
 * Text that costs as much as English does: words drawn by Zipf's law, in sentences. Two kB of it deflate to about
 * half, as two kB of English prose do; budget.test.ts holds it to that.
 */
export function proseOf(seed: number, sizeBytes: number): string {
  const dice = createDice(seed, PURPOSE)
  let text = ''
  while (text.length < sizeBytes) text += `${sentence(dice)} `
  return text.slice(0, sizeBytes)
}

const PURPOSE = 0x70726f73

function sentence(dice: Dice): string {
  const length = 5 + dice.below(14)
  const words = Array.from({ length }, (_, at) => word(dice) + (at < length - 1 && dice.chance(0.09) ? ',' : ''))
  const [first = '', ...rest] = words
  const end = dice.chance(0.08) ? '?' : '.'
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join(' ') + end
}

/** The n-th word comes with a weight of 1 / (n + 10), Mandelbrot's form of the law. */
function word(dice: Dice): string {
  const at = dice.fraction() * (CUMULATED.at(-1) ?? 0)
  return WORDS[CUMULATED.findIndex((sum) => at < sum)] ?? ''
}

const WORDS = `the of and to a in is that it was for on as with be by are this at from or an have not which
but had his they were all one we can there more has if will would when what their so who no out up into than them
only other new some could time these two may then do first any my now such like our over even most made after also
did many before must through years where much way well down should because each just those people how too little
state good very make world still own see men work long get here between both life being under never day same another
know while last might us great old year off come since against go came right used take three small number again
water course however night fact though hand system less half almost public certain question answer light enough
often example surface temperature because scatters shorter wavelength colour energy molecule atmosphere particle
reason therefore usually depends measure different important several general problem result change increase quickly
slowly carefully memory language history country mountain river ocean animal forest winter summer evening morning
planet gravity orbit machine engine metal glass paper letter story teacher student science medicine market money
village garden kitchen bread coffee window building bridge railway journey captain island ancient modern simple
difficult beautiful strange heavy bright silent narrow gentle perhaps instead beneath towards throughout although
explain describe compare consider remember suppose contain produce receive follow gather travel protect improve
discover develop evidence knowledge experience development organisation environment government temperature pressure
frequency probability equation hypothesis experiment chemistry biology photosynthesis electricity architecture
philosophy democracy revolution agriculture vocabulary literature orchestra laboratory observatory transformation`.split(
  /\s+/,
)

const CUMULATED = WORDS.map((_, rank) => 1 / (rank + 10)).reduce<number[]>(
  (sums, weight) => [...sums, (sums.at(-1) ?? 0) + weight],
  [],
)
