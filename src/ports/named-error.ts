/** An error whose `name` is its class, so that it keeps its meaning across workers and logs. */
export class NamedError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}
