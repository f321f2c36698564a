/**
 * A message as pure data. llama.cpp reads control tokens also where they stand in a message, and JSON with half a
 * surrogate pair crashes it: so control texts get a space inside, and lone surrogates become U+FFFD.
 */
export function asData(text: string, controlTexts: readonly string[]): string {
  const wellFormed = new TextDecoder('utf-8', { ignoreBOM: true }).decode(new TextEncoder().encode(text))
  return controlTexts.reduce(
    (safe, control) => safe.replaceAll(control, `${control.slice(0, 1)} ${control.slice(1)}`),
    wellFormed,
  )
}
