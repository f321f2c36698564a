import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { generateKeyPair, privateKeyFromProtobuf, privateKeyToProtobuf } from '@libp2p/crypto/keys'
import type { PrivateKey } from '@libp2p/interface'
import { IdentityFileError } from './errors.ts'

const OTHERS = 0o077

/**
 * The relay's Ed25519 key, made at first start, so that its peer id outlives restarts.
 * The file holds libp2p's protobuf form in base64, owner-only. Throws `IdentityFileError`.
 */
export async function loadIdentity(file: string): Promise<PrivateKey> {
  const kept = await readKept(file)
  if (kept !== null) return kept
  const key = await generateKeyPair('Ed25519')
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const text = `${Buffer.from(privateKeyToProtobuf(key)).toString('base64')}\n`
  try {
    await writeFile(file, text, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new IdentityFileError(`The relay's key cannot be written to ${file}: ${reasonOf(error)}.`, { cause: error })
  }
  return key
}

async function readKept(file: string): Promise<PrivateKey | null> {
  let text: string
  try {
    // Windows has no such mode bits: Node reports 0o666 for every file.
    if (process.platform !== 'win32' && ((await stat(file)).mode & OTHERS) !== 0) {
      throw new IdentityFileError(
        `Other users can read the relay's key ${file}. Make it yours alone: chmod 600 ${file}`,
      )
    }
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof IdentityFileError) throw error
    if (isMissing(error)) return null
    throw new IdentityFileError(`The relay's key ${file} cannot be read: ${reasonOf(error)}.`, { cause: error })
  }
  try {
    const key = privateKeyFromProtobuf(Buffer.from(text, 'base64'))
    if (key.type === 'Ed25519') return key
  } catch (error) {
    throw new IdentityFileError(`${file} holds no key of a relay. Move it away to have a new one made.`, {
      cause: error,
    })
  }
  throw new IdentityFileError(`${file} holds no Ed25519 key. Move it away to have a new one made.`)
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
