import { describe, expect, it } from 'vitest'
import { createLogger } from '#adapters/log/create-logger.ts'

describe('logger', () => {
  it('counts by name', () => {
    const logger = createLogger()
    logger.count('dropped:forged')
    logger.count('dropped:forged')
    logger.count('__proto__')
    expect(Object.entries(logger.counts())).toEqual([
      ['dropped:forged', 2],
      ['__proto__', 1],
    ])
  })

  it('keeps the latest entries, oldest first', () => {
    const logger = createLogger()
    logger.log('info', 'first')
    expect(logger.recent()).toEqual([{ level: 'info', event: 'first', fields: {} }])
    for (let index = 0; index < 1_234; index++) logger.log('debug', 'event', { index })
    const indices = logger.recent().map((entry) => entry.fields['index'])
    expect(indices).toHaveLength(500)
    expect([indices[0], indices.at(-1)]).toEqual([734, 1_233])
    expect(indices).toEqual([...indices].sort((a, b) => Number(a) - Number(b)))
  })

  it('prints nothing, or what is as grave as asked', () => {
    const printed: unknown[][] = []
    const record =
      (level: string) =>
      (...values: unknown[]) =>
        void printed.push([level, ...values])
    const console = { debug: record('debug'), info: record('info'), warn: record('warn'), error: record('error') }
    createLogger({ console }).log('error', 'kept to itself')
    const logger = createLogger({ console, print: 'warn' })
    logger.log('info', 'too light')
    logger.log('warn', 'grave', { peers: 3 })
    logger.log('error', 'graver')
    expect(printed).toEqual([
      ['warn', 'grave', { peers: 3 }],
      ['error', 'graver', {}],
    ])
  })
})
