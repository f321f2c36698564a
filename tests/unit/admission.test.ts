import { describe, expect, test } from 'vitest'
import { considerJoining, noAdmissions, type AdmissionState, type Capacity } from '#core/swarm/admission.ts'
import { engineOffer, nodeId, operatorId } from '#support/session-pair.ts'
import { openedBy } from '#support/session-pair-record.ts'

const able: Capacity = {
  self: nodeId('me'),
  contributes: true,
  engine: engineOffer('model'),
  reserved: 0,
  heldFor: [],
  slots: 4,
}
const NEEDS = { executors: 1, verifiers: 1 }
const invitation = (asker: string, operator = asker) => openedBy(asker, [asker, 'me'], NEEDS, operator).message

function decline(change: Partial<Capacity>, opened = invitation('ann'), asker = 'ann') {
  return considerJoining(noAdmissions, { ...able, ...change }, nodeId(asker), opened, 0).decline
}

/** Takes what comes at one moment. Returns how many were declined, and what is remembered. */
function flood(state: AdmissionState, askers: readonly string[], operator: string | undefined, now: number) {
  let declined = 0
  for (const asker of askers) {
    const outcome = considerJoining(state, able, nodeId(asker), invitation(asker, operator), now)
    state = outcome.state
    if (outcome.decline === 'rate-limited') declined++
  }
  return { state, declined }
}

describe('whether to join', () => {
  test('JOIN-1, JOIN-2: an invited node that can joins, and says why it does not otherwise', () => {
    expect(decline({})).toBeNull()
    expect(decline({ self: nodeId('somebody else') })).toBe('not-invited')
    expect(decline({ contributes: false })).toBe('does-not-contribute')
    expect(decline({ engine: null })).toBe('no-engine')
    expect(decline({ reserved: 4 })).toBe('busy')
    const slow = { ...engineOffer('slow'), decodeTokensPerSecond: 3, judgeTokensPerSecond: 3 }
    expect(decline({ engine: slow })).toBe('too-slow')
  })

  test('JOIN-7: a node offers the roles that it is fast enough for', () => {
    const offered = (speed: Partial<NonNullable<Capacity['engine']>>) =>
      considerJoining(
        noAdmissions,
        { ...able, engine: { ...engineOffer('model'), ...speed } },
        nodeId('ann'),
        invitation('ann'),
        0,
      )
    expect(offered({})).toMatchObject({ roles: { executes: true, verifies: true } })
    expect(offered({ decodeTokensPerSecond: 3 })).toMatchObject({ roles: { executes: false, verifies: true } })
    expect(offered({ judgeTokensPerSecond: 3 })).toMatchObject({ roles: { executes: true, verifies: false } })
  })

  test('JOIN-2: a node holds no slot for a session that may keep it waiting for more than a minute', () => {
    const { deadlines } = invitation('ann')
    const opened = (joinMs: number) => ({ ...invitation('ann'), deadlines: { ...deadlines, joinMs, finalizeMs: 3000 } })
    expect(decline({}, opened(54_000))).toBeNull()
    expect(decline({}, opened(54_001))).toBe('too-long')
  })

  test('JOIN-4: who holds slots gets one more only where more are free than it holds', () => {
    const held = (...operators: string[]) => ({ reserved: operators.length, heldFor: operators.map(operatorId) })
    expect(decline(held('ann'))).toBeNull()
    expect(decline(held('ann', 'ann'))).toBe('fair-share')
    expect(decline(held('ann', 'bob'))).toBeNull()
    expect(decline(held('ann', 'bob', 'bob'))).toBe('fair-share')
    expect(decline(held('bob', 'bob', 'cid'))).toBeNull()
    // This node's own session takes a slot and is nobody's share.
    expect(decline({ reserved: 3, heldFor: [operatorId('ann'), operatorId('ann')] })).toBe('fair-share')
  })

  test('JOIN-2: at most 600 sessions from all together within a minute, so that what is remembered is bounded', () => {
    const strangers = Array.from({ length: 700 }, (_, i) => `stranger ${i}`)
    const first = flood(noAdmissions, strangers, undefined, 0)
    expect(first.declined).toBe(100)
    expect(first.state.taken).toHaveLength(600)
  })

  test('JOIN-2: a node’s own sessions always have its engine', () => {
    expect(decline({ contributes: false, reserved: 4, self: nodeId('ann') })).toBeNull()
  })

  test('JOIN-2: at most 30 sessions of an asker within a minute, and others are not the worse for it', () => {
    const first = flood(noAdmissions, Array<string>(40).fill('ann'), undefined, 0)
    expect(first.declined).toBe(10)
    expect(flood(first.state, ['bob'], undefined, 1000).declined).toBe(0)
    expect(flood(first.state, ['ann'], undefined, 59_999).declined).toBe(1)
    expect(flood(first.state, ['ann'], undefined, 60_000).declined).toBe(0)
  })

  test('JOIN-2: at most 60 sessions of an operator within a minute, whichever tab asks', () => {
    const tabs = Array.from({ length: 70 }, (_, i) => `tab ${i}`)
    const first = flood(noAdmissions, tabs, 'ann', 0)
    expect(first.declined).toBe(10)
    expect(flood(first.state, ['bob'], 'bob', 0).declined).toBe(0)
  })
})
