import type { Gateway } from './gateway/index.ts'
import type { SecretResolver } from './secrets/index.ts'
import { AwsError } from './service.ts'

interface GetParameterAnswer {
  readonly __type?: string
  readonly message?: string
  readonly Message?: string
  readonly Parameter?: { readonly Value?: string }
}

function parameterName(valueFrom: string): string {
  const found = /^arn:aws:ssm:[^:]*:\d{12}:parameter(\/.+)$/.exec(valueFrom)?.[1]
  if (!found) return valueFrom
  // The ARN of `/a/b` and of `a` both end in `parameter/…`: only a path keeps its first slash.
  return found.indexOf('/', 1) > 0 ? found : found.slice(1)
}

/** Resolves an SSM parameter (name or ARN) as the given account, through the gateway itself. Throws AwsError. */
export function parameterResolver(gateway: Gateway): SecretResolver {
  return async (valueFrom, account, region) => {
    const body = JSON.stringify({ Name: parameterName(valueFrom), WithDecryption: true })
    const answer = await gateway.handle({
      method: 'POST',
      url: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AmazonSSM.GetParameter',
        authorization: `AWS4-HMAC-SHA256 Credential=${account}/20261122/${region}/ssm/aws4_request, SignedHeaders=host, Signature=0`,
      },
      body: new TextEncoder().encode(body),
    })
    if ('reset' in answer) throw new Error('RequestError: connection reset by peer')
    const parsed = JSON.parse(new TextDecoder().decode(answer.body)) as GetParameterAnswer
    const value = parsed.Parameter?.Value
    if (value !== undefined) return value
    const code = parsed.__type?.split('#').at(-1) ?? 'InternalServerError'
    throw new AwsError(code, parsed.message ?? parsed.Message ?? '', answer.status)
  }
}

/** Secrets by name or ARN from Secrets Manager, parameters by ARN or name from SSM; a bare name is tried in this order. */
export function containerSecrets(secrets: SecretResolver, parameters: SecretResolver) {
  const resolve: SecretResolver = async (valueFrom, account, region) => {
    if (valueFrom.startsWith('arn:aws:ssm:')) return parameters(valueFrom, account, region)
    if (valueFrom.startsWith('arn:')) return secrets(valueFrom, account, region)
    try {
      return await secrets(valueFrom, account, region)
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'ResourceNotFoundException') throw error
      return parameters(valueFrom, account, region)
    }
  }
  return resolve
}
