/** The few assertions that contract suites need, without a test runner, so that a suite runs in a tab as well. */

export function check(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(message)
}

export function equal(actual: unknown, expected: unknown, what: string): void {
  const [left, right] = [JSON.stringify(actual), JSON.stringify(expected)]
  check(left === right, `${what}: expected ${right}, got ${left}`)
}

type ErrorClass = abstract new (...args: never[]) => Error

/** Also checks that the error says something in a sentence. */
export async function rejects(
  promise: Promise<unknown>,
  errorClass: ErrorClass,
  name = errorClass.name,
): Promise<Error> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  check(error instanceof errorClass, `expected ${name}, got ${String(error)}`)
  equal(error.name, name, 'name of the error')
  check(error.message.length > 0, `${name} has no message`)
  return error
}
