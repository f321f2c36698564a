import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { createCrypto } from '#adapters/crypto/create-crypto.ts'
import { taskOf } from '#core/session/lookup.ts'
import { replayTranscript, type ReplayReport } from '#core/session/replay.ts'
import { decodeTranscript, type TranscriptProblem } from '#core/session/transcript.ts'
import { openTextWith } from '#shell/sealing.ts'

/** Checks a session's transcript: `npm run verify -- FILE`. Needs no network and believes nobody. */

const USAGE = `Usage: npm run verify -- FILE

Checks a transcript that a Tabswarm page saved, offline: signatures, commitments, roles and the verdict,
each computed anew from what was signed.

Exit status: 0 everything holds, 1 something does not, 2 the file cannot be read.`

const PROBLEMS: Record<TranscriptProblem, string> = {
  oversized: 'It is larger than any transcript.',
  damaged: 'Its digest does not match its content: it was damaged or changed.',
  undecodable: 'It is not a transcript.',
  'not-canonical': 'It is not in canonical form, so somebody changed it.',
  'unknown-version': 'It was written by another version of Tabswarm.',
  schema: 'It is not a transcript of the form that this version reads.',
}

export interface Verification {
  readonly exitCode: 0 | 1 | 2
  readonly lines: readonly string[]
}

/** What there is to say about a transcript file, line by line. */
export async function verifyFile(file: Uint8Array): Promise<Verification> {
  const decoded = decodeTranscript(file)
  if (!decoded.ok) return { exitCode: 1, lines: [`failed  file: ${PROBLEMS[decoded.problem]}`] }
  const crypto = createCrypto()
  const report = await replayTranscript(decoded.transcript, {
    verify: (signer, bytes, signature) => crypto.verify(signer, bytes, signature),
    opener: (sessionKey, session, from) => openTextWith(crypto, sessionKey, session, from),
  })
  const steps = report.steps.map(({ name, ok, detail }) => `${ok ? 'ok    ' : 'failed'}  ${name}: ${detail}`)
  return { exitCode: report.ok ? 0 : 1, lines: [...steps, '', ...conclusion(report)] }
}

function conclusion({ ok, session, verdict, record }: ReplayReport): string[] {
  if (!ok || !verdict || !record) return ['This transcript does not prove its verdict.']
  const won = record.entries.find(
    ({ message }) => message.type === 'result-revealed' && message.answer.digest === verdict.answer,
  )
  const text = won?.message.type === 'result-revealed' ? won.message.answer.text : null
  const { independentVerifiers, verifiers } = verdict.independence
  return [
    `Session ${session} holds. ${independentVerifiers} of ${verifiers} verifiers were independent.`,
    ...verdict.ranking.map(
      ({ node, aggregate, judges }, place) =>
        `${place + 1}. ${node}: ${(aggregate / 10_000).toFixed(4).slice(0, 4)} by ${judges} judges`,
    ),
    ...(verdict.doubtful.length > 0 ? [`Doubts: ${verdict.doubtful.join(', ')}.`] : []),
    ...(text === null ? [] : ['', `Conversation: ${taskOf(record)}`, `Answer: ${JSON.stringify(text)}`]),
  ]
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, ...others] = process.argv.slice(2)
  if (path === '--help' || path === '-h') {
    console.log(USAGE)
  } else if (path === undefined || others.length > 0) {
    console.error(USAGE)
    process.exitCode = 2
  } else {
    try {
      const { exitCode, lines } = await verifyFile(readFileSync(path))
      console.log(lines.join('\n'))
      process.exitCode = exitCode
    } catch (error) {
      console.error(`${path} cannot be read: ${(error as Error).message}`)
      process.exitCode = 2
    }
  }
}
