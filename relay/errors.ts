/** What stops a relay from starting. The message is a sentence for whoever started it. */
class RelayError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** A flag or variable that makes no sense. */
export class ConfigError extends RelayError {}
/** The identity file cannot be used: others can read it, or it holds no key. */
export class IdentityFileError extends RelayError {}
/** Another program listens on that port. */
export class PortTakenError extends RelayError {}

/** Tells whoever started the program, and sets the exit code: 2 for a wrong start, 1 for a failure of ours. */
export function reportFailure(error: unknown): void {
  const sentence = error instanceof RelayError
  process.stderr.write(`${sentence ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = sentence ? 2 : 1
}
