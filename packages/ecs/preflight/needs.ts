import { parseArn } from '#aws'
import type { Fact } from '../environment/facts.ts'
import { inEcr } from '../registry.ts'
import { parameterName } from '../report/shown.ts'
import type { TaskDefinition } from '../state.ts'
import type { ExpectedContainer } from '../watch/judge.ts'

/** An image in a private registry of ECR; asked for by digest where it is known, because a tag may lead elsewhere. */
export interface ImageNeed {
  readonly is: 'image'
  readonly name: string
  readonly account: string
  readonly region: string
  readonly repository: string
  readonly id: { readonly imageDigest: string } | { readonly imageTag: string }
}

/** A secret of Secrets Manager, and which of its versions is read. */
export interface SecretNeed {
  readonly is: 'secret'
  readonly name: string
  /** ARN, or name. */
  readonly id: string
  /** Undefined: where the tasks run. */
  readonly region: string | undefined
  readonly stage: string | undefined
  readonly version: string | undefined
}

/** A parameter of Parameter Store. */
export interface ParameterNeed {
  readonly is: 'parameter'
  readonly name: string
  /** The ARN of `x` and that of `/x` are the same text: either will do. */
  readonly names: readonly string[]
  readonly region: string | undefined
  /** It belongs to another account, which only tells its values. */
  readonly foreign: boolean
  /** A version number or a label. */
  readonly selector: string | undefined
}

/** A file with environment variables in S3. */
export interface FileNeed {
  readonly is: 'environment file'
  readonly name: string
  readonly bucket: string
  readonly key: string
}

/** The role of the task, or the one that ECS starts it with. */
export interface RoleNeed {
  readonly is: 'role'
  readonly name: string
  readonly foreign: boolean
}

/** A thing that a task definition refers to and that has to be there before one of its tasks can start. */
export type Need = ImageNeed | SecretNeed | ParameterNeed | FileNeed | RoleNeed

/** What a task definition needs, and what of it cannot be looked at. */
export interface Needs {
  readonly needs: readonly Need[]
  /** Images of registries that are not ECR's. */
  readonly elsewhere: readonly string[]
  /** References that are none of a known form, by container and variable: what they say may be a value pasted by mistake. */
  readonly unreadable: readonly string[]
}

/** Lists what a task definition needs; `recorded` are the digests that it ran with, by container name. */
export function needsOf(
  definition: TaskDefinition,
  recorded: readonly ExpectedContainer[] | undefined,
): Needs {
  const account = parseArn(definition.arn)?.account ?? ''
  const images = definition.containers.map(({ name, image }) => {
    const digest = recorded?.find((one) => one.name === name)?.digest
    return { image, need: imageNeed(image, digest) }
  })
  const others = [...definition.facts].flatMap((fact) => {
    const need = needOf(fact, account)
    return need === undefined ? [] : [{ fact, need }]
  })
  return {
    needs: [...images, ...others].flatMap(({ need }) =>
      need === undefined || typeof need === 'string' ? [] : [need],
    ),
    elsewhere: images.flatMap(({ image, need }) => (need === undefined ? [image] : [])),
    unreadable: others.flatMap(({ fact: { container, name }, need }) =>
      need === 'unreadable' ? [`${name} of container ${container}`] : [],
    ),
  }
}

/** The need of an image reference; undefined for one that no private registry of ECR holds. */
export function imageNeed(image: string, recorded: string | undefined): ImageNeed | undefined {
  const found = inEcr(image)
  if (!found) return undefined
  const { account, region, repository, tag = 'latest' } = found
  const digest = found.digest ?? recorded
  const id = digest === undefined ? { imageTag: tag } : { imageDigest: digest }
  const named = found.tag === undefined ? repository : `${repository}:${tag}`
  const name = digest === undefined ? `${repository}:${tag}` : `${named}@${digest}`
  return { is: 'image', name, account, region, repository, id }
}

function needOf(fact: Fact, account: string): Need | 'unreadable' | undefined {
  switch (fact.kind) {
    case 'secret':
      return fact.name === '(registry)' && !fact.value.startsWith('arn:')
        ? namedSecret(fact.value)
        : referenceNeed(fact.value, account)
    case 'environment-file':
      return fileNeed(fact.value)
    case 'task-role':
    case 'execution-role':
      return roleNeed(fact.value, account)
    default:
      return undefined
  }
}

/**
 * The need of a `valueFrom`: the ARN of a secret with `:json-key:version-stage:version-id` behind it, the ARN of a parameter, or
 * a parameter's name. (ECS guide, "Pass sensitive data to an Amazon ECS container".) Parameters that AWS gives out are
 * always there and in nobody's list: undefined.
 */
export function referenceNeed(
  valueFrom: string,
  account: string,
): SecretNeed | ParameterNeed | 'unreadable' | undefined {
  if (!valueFrom.startsWith('arn:')) return parameterNeed([valueFrom], {})
  const arn = parseArn(valueFrom)
  if (arn?.service === 'secretsmanager' && arn.resource.startsWith('secret:')) {
    return secretNeed(valueFrom, arn.region)
  }
  const path = arn?.service === 'ssm' ? /^parameter(\/.+)$/.exec(arn.resource)?.[1] : undefined
  if (arn === undefined || path === undefined) return 'unreadable'
  const bare = path.slice(1)
  const names = bare.includes('/') ? [path] : [bare, path]
  return parameterNeed(names, { region: arn.region, foreign: arn.account !== account })
}

function secretNeed(valueFrom: string, region: string): SecretNeed {
  const parts = valueFrom.split(':')
  const [, stage = '', version = ''] = parts.slice(7)
  const id = parts.slice(0, 7).join(':')
  return {
    is: 'secret',
    name: parts[6] ?? '',
    id,
    region,
    stage: stage === '' ? undefined : stage,
    version: version === '' ? undefined : version,
  }
}

const namedSecret = (name: string): SecretNeed => ({
  is: 'secret',
  name,
  id: name,
  region: undefined,
  stage: undefined,
  version: undefined,
})

/** Parameter Store's window on Secrets Manager. */
const window = '/aws/reference/secretsmanager/'

function parameterNeed(
  given: readonly string[],
  where: { readonly region?: string | undefined; readonly foreign?: boolean },
): SecretNeed | ParameterNeed | 'unreadable' | undefined {
  const [path = ''] = given
  if (!parameterName.test(path)) return 'unreadable'
  const names = given.map((one) => one.replace(/:.*$/, ''))
  const [name = ''] = names
  if (name.startsWith('/aws/service/')) return undefined
  if (name.startsWith(window)) {
    return { ...namedSecret(name.slice(window.length)), region: where.region }
  }
  return {
    is: 'parameter',
    name,
    names,
    region: where.region,
    foreign: where.foreign ?? false,
    selector: path.split(':')[1],
  }
}

function fileNeed(arn: string): FileNeed | 'unreadable' {
  const resource = parseArn(arn)?.resource ?? ''
  const slash = resource.indexOf('/')
  if (slash < 1) return 'unreadable'
  const [bucket, key] = [resource.slice(0, slash), resource.slice(slash + 1)]
  return { is: 'environment file', name: `s3://${bucket}/${key}`, bucket, key }
}

/** ECS takes a role by its ARN or by its name; the name is behind the path. */
function roleNeed(given: string, account: string): RoleNeed {
  const arn = parseArn(given)
  const name = (arn?.resource ?? given).split('/').at(-1) ?? given
  return { is: 'role', name, foreign: arn !== undefined && arn.account !== account }
}
