import type { SecretResolver } from './secrets/index.ts'
import { AwsError, type Operation } from './service.ts'

interface GetParameterAnswer {
  readonly Parameter?: { readonly Value?: string }
}

function parameterName(valueFrom: string): string {
  const found = /^arn:aws:ssm:[^:]*:\d{12}:parameter(\/.+)$/.exec(valueFrom)?.[1]
  if (!found) return valueFrom
  // The ARN of `/a/b` and of `a` both end in `parameter/…`: only a path keeps its first slash.
  return found.indexOf('/', 1) > 0 ? found : found.slice(1)
}

/**
 * Resolves an SSM parameter (name or ARN) in an account with Parameter Store's own GetParameter. What the agent of a task asks is no
 * call of a client: the faults that are made for clients do not meet it. Throws AwsError.
 */
export function parameterResolver(get: () => Operation): SecretResolver {
  return async (valueFrom, account, region) => {
    const caller = { account, region, accessKeyId: account, requestId: '' }
    const asked = { Name: parameterName(valueFrom), WithDecryption: true }
    const answer = (await get()(asked, caller)) as GetParameterAnswer
    return answer.Parameter?.Value ?? ''
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
