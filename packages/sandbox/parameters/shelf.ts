import { AwsError, type Caller } from '../service.ts'

/** One version of a parameter. Times are milliseconds since the epoch. */
export interface Version {
  readonly version: number
  readonly value: string
  readonly type: string
  readonly modified: number
  readonly user: string
  readonly tier: string
  readonly dataType: string
  readonly keyId?: string
  readonly description?: string
  readonly allowedPattern?: string
  /** The JSON texts of its policies. */
  readonly policies: readonly string[]
  readonly labels: readonly string[]
}

/** A parameter with the versions that are kept, oldest first. */
export interface Parameter {
  readonly name: string
  readonly arn: string
  readonly versions: readonly Version[]
}

/** Where parameters live. */
export type Place = Pick<Caller, 'account' | 'region'>

/** The parameters of all accounts and regions. */
export interface Shelf {
  list(place: Place): readonly Parameter[]
  get(place: Place, nameOrArn: string): Parameter | undefined
  put(place: Place, parameter: Parameter): void
  remove(place: Place, name: string): boolean
}

/** The ARN of a parameter: the first slash of a path is the one after `parameter`. */
export function arnOf({ account, region }: Place, name: string): string {
  return `arn:aws:ssm:${region}:${account}:parameter/${name.replace(/^\//, '')}`
}

/** The version in force. */
export function newest({ versions }: Parameter): Version {
  const version = versions.at(-1)
  if (!version) throw new Error('a parameter without a version')
  return version
}

/** The error for a parameter that is not there. */
export const notFound = (name: string) =>
  new AwsError('ParameterNotFound', `Parameter ${name} not found.`)

/** An empty shelf. */
export function shelf(): Shelf {
  const places = new Map<string, Map<string, Parameter>>()
  const of = ({ account, region }: Place) => {
    const key = `${account}/${region}`
    const found = places.get(key) ?? new Map<string, Parameter>()
    places.set(key, found)
    return found
  }
  return {
    list: (place) => [...of(place).values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
    get: (place, nameOrArn) =>
      of(place).get(nameOrArn) ?? [...of(place).values()].find(({ arn }) => arn === nameOrArn),
    put: (place, parameter) => void of(place).set(parameter.name, parameter),
    remove: (place, name) => of(place).delete(name),
  }
}
