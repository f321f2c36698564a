import * as cbor from '@ipld/dag-cbor'
import { describe, expect, test, vi } from 'vitest'
import { replayTranscript } from '#core/session/replay.ts'
import { decodeTranscript, encodeTranscript, type Transcript } from '#core/session/transcript.ts'
import { frameOf, means, NETWORK, SESSION_KEY, signedSession, signerOf } from '#support/session-pair-signed.ts'
import { SESSION } from '#support/session-pair.ts'
import { verifyFile } from '../../bin/verify.ts'

vi.setConfig({ testTimeout: 60_000 })

const frames = signedSession(4)
const honest: Transcript = { network: NETWORK, frames, sessionKey: SESSION_KEY }

async function failingSteps(transcript: Transcript): Promise<string[]> {
  const { steps, ok } = await replayTranscript(transcript, means)
  const failed = steps.filter((step) => !step.ok).map(({ name }) => name)
  expect(ok).toBe(failed.length === 0)
  return failed
}

function flip(bytes: Uint8Array, at: number, bit = 1): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[at] = (changed[at] ?? 0) ^ bit
  return changed
}

describe('a transcript', () => {
  test('TR-1: encodes and decodes to itself', () => {
    expect(decodeTranscript(encodeTranscript(honest))).toEqual({ ok: true, transcript: honest })
    const closed = { ...honest, sessionKey: null }
    expect(decodeTranscript(encodeTranscript(closed))).toEqual({ ok: true, transcript: closed })
  })

  test('TR-1: refuses what is no transcript, and says why', () => {
    const problem = (file: Uint8Array) => {
      const decoded = decodeTranscript(file)
      return decoded.ok ? null : decoded.problem
    }
    expect(problem(new Uint8Array())).toBe('damaged')
    expect(problem(new Uint8Array(5 * 1024 * 1024))).toBe('oversized')
    expect(problem(cbor.encode({ format: 'tabswarm-transcript' }))).toBe('damaged')
    expect(problem(encodeTranscript({ ...honest, sessionKey: new Uint8Array(31) }))).toBe('schema')
    expect(problem(encodeTranscript({ ...honest, frames: [] }))).toBe('schema')
    expect(problem(encodeTranscript({ ...honest, network: '' }))).toBe('schema')
  })

  test('TR-3: an honest session replays, open and closed', async () => {
    const report = await replayTranscript(honest, means)
    expect(report.steps.map(({ name, ok }) => [name, ok])).toEqual(
      ['frames', 'signatures', 'operators', 'texts', 'commitments', 'draw', 'verdict', 'objections'].map((name) => [
        name,
        true,
      ]),
    )
    expect(report.verdict?.ranking).toHaveLength(2)
    expect(report.session).toBe(SESSION)
    expect(await failingSteps({ ...honest, sessionKey: null })).toEqual([])
  })

  test('TR-3: a flipped byte anywhere in the file makes it fail', () => {
    const file = encodeTranscript(honest)
    const everywhere = [...file.keys()].filter((at) => at % 13 === 0 || at > file.length - 40)
    for (const at of everywhere) expect(decodeTranscript(flip(file, at, 1 << (at % 8))).ok).toBe(false)
  })

  test('TR-3: a flipped byte fails also where the digest was made anew', async () => {
    for (const [index, frame] of frames.entries()) {
      const places = new Set([0, 1, 40, frame.length >> 1, frame.length - 70, frame.length - 10, frame.length - 1])
      for (const at of places) {
        const changed = frames.with(index, flip(frame, Math.min(Math.max(at, 0), frame.length - 1), 1 << (at % 8)))
        expect(await failingSteps({ ...honest, frames: changed }), `frame ${index}, byte ${at}`).not.toEqual([])
      }
    }
    for (let at = 0; at < 32; at++) {
      expect(await failingSteps({ ...honest, sessionKey: flip(SESSION_KEY, at) })).toEqual(['texts'])
    }
    expect(await failingSteps({ ...honest, network: 'tesu' })).toContain('signatures')
  })

  test('TR-3: a frame left out that the verdict counts fails', async () => {
    const spared: number[] = []
    for (const index of frames.keys()) {
      const failed = await failingSteps({ ...honest, frames: frames.toSpliced(index, 1) })
      if (failed.length === 0) spared.push(index)
    }
    // Only the farewell is not counted; it comes last.
    expect(spared).toEqual([frames.length - 1])
  })

  test('TR-3: a repeated, foreign or contradicting frame fails', async () => {
    expect(await failingSteps({ ...honest, frames: [...frames, frames[3] as Uint8Array] })).toEqual(['frames'])
    const stranger = frameOf(signerOf('z'), { type: 'session-closed', session: SESSION, outcome: 'failed' })
    expect(await failingSteps({ ...honest, frames: [...frames, stranger] })).toContain('commitments')
    const other = frameOf(signerOf('a'), {
      type: 'session-cancelled',
      session: SESSION.split('').reverse().join('') as typeof SESSION,
    })
    expect(await failingSteps({ ...honest, frames: [...frames, other] })).toEqual(['frames'])
    const twice = frameOf(signerOf('a'), { type: 'session-closed', session: SESSION, outcome: 'failed' })
    expect(await failingSteps({ ...honest, frames: [...frames, twice] })).toContain('commitments')
  })

  test('TR-4: the command says in words what it checked', async () => {
    const good = await verifyFile(encodeTranscript(honest))
    expect(good.exitCode).toBe(0)
    expect(good.lines.join('\n')).toMatch(/^ok +frames: 16 frames decode[\s\S]+ok +verdict:[\s\S]+Answer: "answer of /)
    const bad = await verifyFile(flip(encodeTranscript(honest), 100))
    expect(bad).toEqual({ exitCode: 1, lines: [expect.stringMatching(/^failed {2}file: Its digest/)] })
  })
})
