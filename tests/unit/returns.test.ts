import { expect, test } from 'vitest'
import { type SessionSwarm, strangers } from '#support/session-pair.ts'

function started(size: number, needs: { executors: number; verifiers: number }): SessionSwarm {
  const swarm = strangers(size, { generateMs: 3000, judgeMs: 3000 })
  swarm.ask('a', '2+2', needs)
  swarm.advance(600)
  return swarm
}

test('ALIVE-4: participants that come back in time take part as ever', () => {
  const swarm = started(3, { executors: 2, verifiers: 1 })
  for (const name of ['b', 'c']) swarm.tellOthers(name, 'node-gone')
  swarm.advance(1000)
  for (const name of ['b', 'c']) swarm.tellOthers(name, 'node-back')
  swarm.untilEnded()
  expect(swarm.outcomes()['a']).toBe('answered')
  expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(2)
})

test('ALIVE-4: for an asker that comes back in time nobody takes over', () => {
  const swarm = started(4, { executors: 2, verifiers: 2 })
  swarm.tellOthers('a', 'node-gone')
  swarm.advance(1000)
  swarm.tellOthers('a', 'node-back')
  swarm.untilEnded()
  const terms = swarm.said.flatMap(({ entry: { message } }) =>
    message.type === 'verdict-reached' ? [message.term] : [],
  )
  expect(terms).toEqual([0])
})
