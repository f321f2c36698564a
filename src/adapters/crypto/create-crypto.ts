import type { Crypto } from '#ports/crypto.ts'
import type { Random } from '#ports/random.ts'
import { createNobleEd25519 } from './ed25519-noble.ts'
import { createWebCryptoEd25519 } from './ed25519-webcrypto.ts'
import { createSealing } from './sealing.ts'
import { createSigning } from './signing.ts'

export interface CryptoInit {
  /** Default: this platform's. Undefined in insecure contexts. */
  readonly subtle?: SubtleCrypto | undefined
}

/** The real `Crypto`. Both ways to Ed25519 accept exactly the same signatures (see ed25519-key.ts). */
export function createCrypto(
  init: CryptoInit = { subtle: globalThis.crypto.subtle as SubtleCrypto | undefined },
): Crypto {
  const choose = async () => (await createWebCryptoEd25519(init.subtle)) ?? createNobleEd25519()
  return { ...createSigning(choose), ...createSealing() }
}

/** Unpredictable bytes of the platform. */
export function createRandom(): Random {
  return {
    // `getRandomValues` exists in insecure contexts too; it refuses more than 65,536 bytes, which nobody asks for.
    bytes: (count) => globalThis.crypto.getRandomValues(new Uint8Array(count)),
  }
}
