/** The prompt alone does not fit the context. Tells how long it is. */
export class PromptTooLongError extends Error {
  readonly tokens: number

  constructor(tokens: number) {
    super(`The prompt has ${tokens} tokens.`)
    this.tokens = tokens
  }
}
