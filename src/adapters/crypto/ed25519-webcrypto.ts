import { hexToBytes } from '@noble/hashes/utils.js'
import type { Ed25519 } from './ed25519.ts'

const ALGORITHM = 'Ed25519'

/** DER of a PKCS #8 Ed25519 key up to its 32-byte seed (RFC 8410, section 7): WebCrypto takes no raw private key. */
const PKCS8_PREFIX = hexToBytes('302e020100300506032b657004220420')

/** RFC 8032, 7.1, test 1: the empty message. */
const PROBE_KEY = hexToBytes('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a')
const PROBE_SIGNATURE = hexToBytes(
  'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155' +
    '5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
)

/** Native code off the main thread. Null where this platform has no Ed25519. */
export async function createWebCryptoEd25519(subtle: SubtleCrypto | undefined): Promise<Ed25519 | null> {
  if (subtle === undefined) return null
  const ed25519 = overSubtle(subtle)
  try {
    const verify = await ed25519.verifier(PROBE_KEY)
    return (await verify(new Uint8Array(0), PROBE_SIGNATURE)) ? ed25519 : null
  } catch {
    // NotSupportedError by the standard; browsers behind a flag have thrown others.
    return null
  }
}

function overSubtle(subtle: SubtleCrypto): Ed25519 {
  return {
    async signer(privateKey) {
      const pkcs8 = new Uint8Array([...PKCS8_PREFIX, ...privateKey])
      const key = await subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign'])
      pkcs8.fill(0)
      return async (bytes) => new Uint8Array(await subtle.sign(ALGORITHM, key, unshared(bytes)))
    },
    async verifier(publicKey) {
      const key = await subtle.importKey('raw', unshared(publicKey), ALGORITHM, false, ['verify'])
      return (bytes, signature) => subtle.verify(ALGORITHM, key, unshared(signature), unshared(bytes))
    },
  }
}

/** WebCrypto refuses views on shared memory; nothing of ours is one, and the type says so from here on. */
function unshared(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return bytes.buffer instanceof ArrayBuffer ? (bytes as Uint8Array<ArrayBuffer>) : new Uint8Array(bytes)
}
