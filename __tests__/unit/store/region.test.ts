import { Readable } from 'node:stream'
import { expect, test } from '@jest/globals'
import { HttpResponse } from '@smithy/core/protocols'
import { connect } from '#store'

interface Request {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
}

/** A bucket in us-east-1, which sends whoever asks another region there, as S3 does. */
const bucketIn = (home: string) => {
  const written: string[] = []
  const answer = (statusCode: number, headers: Record<string, string>, text: string) => ({
    response: new HttpResponse({
      statusCode,
      headers: { date: 'Sun, 22 Nov 2026 03:00:00 GMT', ...headers },
      body: Readable.from([Buffer.from(text)]),
    }),
  })
  const handle = async ({ method, headers }: Request) => {
    const region = /\/([a-z0-9-]+)\/s3\/aws4_request/.exec(headers.authorization ?? '')?.[1]
    if (region !== home) {
      const code = '<Error><Code>PermanentRedirect</Code><Message>elsewhere</Message></Error>'
      return answer(301, { 'x-amz-bucket-region': home }, code)
    }
    if (method === 'PUT') written.push(region)
    return answer(200, { etag: '"1"' }, method === 'GET' ? '{"a":1}' : '')
  }
  return { handle, written }
}

test('one store serves environments of several regions', async () => {
  const bucket = bucketIn('us-east-1')
  const config = {
    region: 'eu-west-1',
    credentials: async () => ({ accessKeyId: 'AKIA', secretAccessKey: 'x' }),
    maxAttempts: 1,
    retryMode: 'standard' as const,
    customUserAgent: 'test',
    requestHandler: { handle: bucket.handle },
  }
  const objects = connect(config, 's3://acme-rollback')
  expect(await objects.get('production/environment.json')).toEqual({ text: '{"a":1}', etag: '"1"' })
  expect(await objects.create('production/lease.json', '{}')).toBe(true)
  expect(bucket.written).toEqual(['us-east-1'])
  expect(objects.serverTime()).toBe(Date.UTC(2026, 10, 22, 3, 0, 0))
})
