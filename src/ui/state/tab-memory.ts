/** What a tab remembers across a reload, and another tab does not see. Forgets where storage is blocked. */

export function recall(key: string): string | null {
  try {
    return sessionStorage.getItem(key)
  } catch {
    return null
  }
}

export function remember(key: string, value: string) {
  try {
    if (value === '') sessionStorage.removeItem(key)
    else sessionStorage.setItem(key, value)
  } catch {
    // Blocked or full: it holds until the reload.
  }
}

/** 16 random bytes in hexadecimal. Not `crypto.randomUUID`, which insecure contexts lack. */
export function newId(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('')
}
