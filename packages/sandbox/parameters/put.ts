import { AwsError, type Caller } from '../service.ts'
import { arnOf, newest, type Parameter, type Shelf, type Version } from './shelf.ts'

/** What PutParameter is given. */
export interface PutInput {
  readonly Name: string
  readonly Value: string
  readonly Type?: string
  readonly Overwrite?: boolean
  readonly KeyId?: string
  readonly Tier?: string
  readonly DataType?: string
  readonly Description?: string
  readonly AllowedPattern?: string
  readonly Policies?: string
  readonly Tags?: readonly unknown[]
}

const MOST_VERSIONS = 100
const STANDARD_BYTES = 4096

/** Writes a parameter or its next version. Throws the errors of PutParameter. */
export function putParameter(
  parameters: Shelf,
  { input, caller }: { readonly input: PutInput; readonly caller: Caller },
  now: number,
) {
  checkName(input.Name)
  const existing = parameters.get(caller, input.Name)
  checkPut(input, existing)
  const version = versionOf(input, existing && newest(existing), { caller, now })
  checkValue(input.Value, version)
  const versions = kept([...(existing?.versions ?? []), version], input.Name)
  const name = existing?.name ?? input.Name
  parameters.put(caller, { name, arn: existing?.arn ?? arnOf(caller, name), versions })
  return { Version: version.version, Tier: version.tier }
}

function checkName(name: string): void {
  const valid = /^(\/?[\w.-]+(\/[\w.-]+)*)$/.test(name) && name.length <= 1011
  if (!valid) throw invalid('Parameter name: must be a fully qualified name.')
  if (/^\/?(aws|ssm)/i.test(name)) {
    throw invalid('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).')
  }
}

const invalid = (message: string) => new AwsError('ValidationException', message)

function checkPut(input: PutInput, existing: Parameter | undefined): void {
  if (input.Overwrite && input.Tags?.length) {
    throw invalid("Invalid request: tags and overwrite can't be used together.")
  }
  if (existing && !input.Overwrite) {
    throw new AwsError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    )
  }
  if (!existing && !input.Type) {
    throw invalid('A parameter type is required when you create a parameter.')
  }
  const before = existing && newest(existing)
  if (before && input.Type && input.Type !== before.type) {
    throw new AwsError(
      'HierarchyTypeMismatchException',
      `Parameter Store does not support changing a parameter type in a hierarchy: ${before.type} to ${input.Type}.`,
    )
  }
  if (before?.tier === 'Advanced' && input.Tier === 'Standard') {
    throw invalid('This parameter uses the advanced-parameter tier. You can’t downgrade it.')
  }
}

/** Policies stay until others or an empty one are sent; the key, the pattern and the data type are those of this call. */
function versionOf(
  input: PutInput,
  before: Version | undefined,
  { caller, now }: { readonly caller: Caller; readonly now: number },
): Version {
  const type = input.Type ?? before?.type ?? 'String'
  const description = input.Description ?? before?.description
  const policies =
    input.Policies === undefined ? (before?.policies ?? []) : policiesIn(input.Policies)
  return {
    version: (before?.version ?? 0) + 1,
    value: input.Value,
    type,
    modified: now,
    user: `arn:aws:iam::${caller.account}:user/sandbox`,
    tier: tierOf(input, before, policies),
    dataType: input.DataType ?? 'text',
    policies,
    labels: [],
    ...(type === 'SecureString' && { keyId: input.KeyId || 'alias/aws/ssm' }),
    ...(description && { description }),
    ...(input.AllowedPattern && { allowedPattern: input.AllowedPattern }),
  }
}

function tierOf(input: PutInput, before: Version | undefined, policies: readonly string[]): string {
  if (before?.tier === 'Advanced') return 'Advanced'
  const large = Buffer.byteLength(input.Value) > STANDARD_BYTES || policies.length > 0
  if (input.Tier === 'Intelligent-Tiering') return large ? 'Advanced' : 'Standard'
  return input.Tier ?? 'Standard'
}

/** `[{}]` takes all policies away. */
function policiesIn(text: string): readonly string[] {
  const parsed: unknown = (() => {
    try {
      return JSON.parse(text)
    } catch {
      return undefined
    }
  })()
  if (!Array.isArray(parsed)) {
    throw new AwsError('InvalidPolicyAttributeException', 'The policies are not a JSON array.')
  }
  return parsed.map((one) => JSON.stringify(one)).filter((one) => one !== '{}')
}

function checkValue(value: string, { tier, allowedPattern, policies }: Version): void {
  if (value === '') throw invalid('Parameter value: must not be empty.')
  if (tier === 'Standard' && Buffer.byteLength(value) > STANDARD_BYTES) {
    throw invalid(
      'Standard tier parameters support a maximum parameter value of 4096 characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.',
    )
  }
  if (tier === 'Standard' && policies.length > 0) {
    throw invalid('Parameter policies are only supported on advanced-tier parameters.')
  }
  if (allowedPattern && !new RegExp(allowedPattern).test(value)) {
    // AWS may quote the value in a validation message: here it does, so that nobody prints one unnoticed.
    throw new AwsError(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${allowedPattern} (${value})`,
    )
  }
}

/** A hundred versions are kept; the oldest is dropped unless it carries a label (getmoto/moto#3967, seen on AWS). */
function kept(versions: readonly Version[], name: string): readonly Version[] {
  if (versions.length <= MOST_VERSIONS) return versions
  const [oldest, ...rest] = versions
  if (oldest && oldest.labels.length > 0) {
    throw new AwsError(
      'ParameterMaxVersionLimitExceeded',
      `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${oldest.version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    )
  }
  return rest
}
