import { describe, expect, test } from '@jest/globals'
import { digester } from '#aws'
import { refersTo } from '#config'

const secret = 'arn:aws:secretsmanager:us-east-1:123456789012:secret:app/jwt'
const parameter = 'arn:aws:ssm:us-east-1:123456789012:parameter/app/url'

describe('a reference of a task definition', () => {
  test.each([
    [`${secret}-AbCdEf`, 'app/jwt', true],
    [secret, 'app/jwt', true],
    ['app/jwt', 'app/jwt', true],
    [`${secret}-AbCdEf:key::`, 'app/jwt', true],
    [`${secret}-AbCdEf:key:AWSPREVIOUS:`, 'app/jwt', true],
    [`${secret}-AbCdEf:::0d2f`, 'app/jwt', false],
    [`${secret}-AbCdEf`, 'app/jw', false],
    [`${secret}-other-AbCdEf`, 'app/jwt', false],
    [parameter, '/app/url', true],
    [parameter, '/app/', true],
    [parameter, '/app/ur', false],
    ['arn:aws:ssm:us-east-1:123456789012:parameter/flag', 'flag', true],
    ['/app/url', '/app/url', true],
    ['/app/url', '/app/', true],
    ['arn:aws:s3:::bucket/app/url', '/app/url', false],
  ])('%s reads %s: %p', (reference, name, reads) => {
    expect(refersTo(reference, name)).toBe(reads)
  })
})

describe('a digest', () => {
  const digest = digester()

  test('is eight hex digits, equal for equal values of one thing', () => {
    expect(digest('a', 'true')).toMatch(/^[0-9a-f]{8}$/)
    expect(digest('a', 'true')).toBe(digest('a', 'true'))
    expect(digest('a', 'true')).not.toBe(digest('a', 'false'))
  })

  test('tells nothing across things or runs', () => {
    expect(digest('b', 'true')).not.toBe(digest('a', 'true'))
    expect(digester()('a', 'true')).not.toBe(digest('a', 'true'))
  })
})
