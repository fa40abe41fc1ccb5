import { AwsError, type Caller } from '../service.ts'
import { newest, notFound, type Parameter, type Shelf, type Version } from './shelf.ts'

/** Without decryption a SecureString is its ciphertext: never its value. */
function shownValue({ type, value, version }: Version, decrypt: boolean | undefined): string {
  if (type !== 'SecureString' || decrypt) return value
  return Buffer.from(`encrypted, version ${version}, ${value.length} long`).toString('base64')
}

/** A version as GetParameter shows it. */
export function shown(
  { name, arn }: Parameter,
  version: Version,
  decrypt: boolean | undefined,
): object {
  return {
    Name: name,
    ARN: arn,
    Type: version.type,
    Value: shownValue(version, decrypt),
    Version: version.version,
    LastModifiedDate: new Date(version.modified),
    DataType: version.dataType,
  }
}

const policyOf = (text: string) => ({
  PolicyText: text,
  PolicyType: (JSON.parse(text) as { Type?: string }).Type ?? '',
  PolicyStatus: 'Pending',
})

function metadata(version: Version): object {
  const { keyId, description, allowedPattern } = version
  return {
    Type: version.type,
    Version: version.version,
    LastModifiedDate: new Date(version.modified),
    LastModifiedUser: version.user,
    Tier: version.tier,
    DataType: version.dataType,
    Policies: version.policies.map(policyOf),
    ...(keyId && { KeyId: keyId }),
    ...(description && { Description: description }),
    ...(allowedPattern && { AllowedPattern: allowedPattern }),
  }
}

/** A parameter as DescribeParameters shows it: never with a value. */
export const described = (parameter: Parameter): object => ({
  Name: parameter.name,
  ARN: parameter.arn,
  ...metadata(newest(parameter)),
})

/** A version as GetParameterHistory shows it. */
export const remembered = (
  { name }: Parameter,
  version: Version,
  decrypt: boolean | undefined,
): object => ({
  Name: name,
  Value: shownValue(version, decrypt),
  ...metadata(version),
  ...(version.labels.length > 0 && { Labels: [...version.labels] }),
})

/** The version that `name`, `name:3` or `name:label` means. Throws ParameterNotFound or ParameterVersionNotFound. */
export function select(
  parameters: Shelf,
  caller: Caller,
  nameOrArn: string,
): { readonly parameter: Parameter; readonly version: Version } {
  const whole = parameters.get(caller, nameOrArn)
  if (whole) return { parameter: whole, version: newest(whole) }
  const colon = nameOrArn.lastIndexOf(':')
  const selector = nameOrArn.slice(colon + 1)
  const parameter = colon < 0 ? undefined : parameters.get(caller, nameOrArn.slice(0, colon))
  if (!parameter) throw notFound(nameOrArn)
  const version = parameter.versions.find(
    (one) => String(one.version) === selector || one.labels.includes(selector),
  )
  if (version) return { parameter, version }
  throw new AwsError(
    'ParameterVersionNotFound',
    `Systems Manager could not find version ${selector} of ${parameter.name}.`,
  )
}

interface Filter {
  readonly Key: string
  readonly Option?: string
  readonly Values?: readonly string[]
}

/** Tells whether a parameter lies below a path. */
export function isBelow(name: string, path: string, recursive: boolean): boolean {
  const prefix = path.endsWith('/') ? path : `${path}/`
  if (!name.startsWith(prefix)) return false
  return recursive || !name.slice(prefix.length).includes('/')
}

/** Tells whether a parameter passes a filter of DescribeParameters. Throws InvalidFilterKey for one that is not simulated. */
export function passes(parameter: Parameter, { Key, Option, Values = [] }: Filter): boolean {
  const { name } = parameter
  switch (Key) {
    case 'Name':
      if (Option === 'BeginsWith') return Values.some((one) => name.startsWith(one))
      if (Option === 'Contains') return Values.some((one) => name.includes(one))
      return Values.includes(name)
    case 'Path':
      return Values.some((one) => isBelow(name, one, Option === 'Recursive'))
    case 'Type':
      return Values.includes(newest(parameter).type)
    default:
      throw new AwsError('InvalidFilterKey', `The sandbox has no filter ${Key}.`)
  }
}

/** One page. Throws InvalidNextToken. */
export function page<Item>(
  items: readonly Item[],
  input: { readonly MaxResults?: number; readonly NextToken?: string },
  most: number,
): { readonly items: readonly Item[]; readonly next: { readonly NextToken?: string } } {
  const start = Number(input.NextToken ?? 0)
  if (!Number.isInteger(start) || start < 0) {
    throw new AwsError('InvalidNextToken', 'The specified token is not valid.')
  }
  const end = start + Math.min(input.MaxResults ?? most, most)
  return {
    items: items.slice(start, end),
    next: end < items.length ? { NextToken: String(end) } : {},
  }
}
