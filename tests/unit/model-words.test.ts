import { expect, test } from 'vitest'
import { paceWords, withMoment, type Moment } from '#ui/words/model-words.ts'

const at = (seconds: number, megabytes: number): Moment => ({
  atMs: seconds * 1000,
  loadedBytes: megabytes * 1e6,
  totalBytes: 700e6,
})
const after = (moments: readonly Moment[]): readonly Moment[] =>
  moments.reduce<readonly Moment[]>((sofar, moment) => withMoment(sofar, moment), [])

test('the pace is that of the last ten seconds', () => {
  expect(paceWords([])).toBe('asking the host')
  expect(paceWords(after([at(0, 0)]))).toBe('0 B of 700.0 MB')
  expect(paceWords(after([at(0, 0), at(2, 20)]))).toBe('20.0 MB of 700.0 MB, 10.0 MB/s, 1 min 8 s left')
  const slowed = after([at(0, 0), at(5, 500), at(30, 500), at(36, 530), at(40, 550)])
  expect(paceWords(slowed)).toContain('5.0 MB/s, 30 s left')
})

test('a download that begins again begins to count again', () => {
  expect(after([at(0, 50), at(5, 100), at(6, 10)])).toEqual([at(6, 10)])
})
