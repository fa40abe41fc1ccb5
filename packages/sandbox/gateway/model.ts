import * as scaling from '@aws-sdk/client-application-auto-scaling'
import * as cloudfront from '@aws-sdk/client-cloudfront'
import * as cloudwatch from '@aws-sdk/client-cloudwatch'
import * as logs from '@aws-sdk/client-cloudwatch-logs'
import * as codedeploy from '@aws-sdk/client-codedeploy'
import * as ecr from '@aws-sdk/client-ecr'
import * as ecs from '@aws-sdk/client-ecs'
import * as elb from '@aws-sdk/client-elastic-load-balancing-v2'
import * as iam from '@aws-sdk/client-iam'
import * as rds from '@aws-sdk/client-rds'
import * as secretsManager from '@aws-sdk/client-secrets-manager'
import * as ssm from '@aws-sdk/client-ssm'
import * as sts from '@aws-sdk/client-sts'
import { NormalizedSchema } from '@smithy/core/schema'

/** The input and output shapes of one operation, as AWS publishes them in the SDK. */
export interface OperationModel {
  readonly name: string
  readonly input: NormalizedSchema
  readonly output: NormalizedSchema
  /** Method, path and status of a REST operation. */
  readonly http: readonly [string, string, number] | undefined
}

/** One modelled error: its shape name, and the code, status and message member it has on the wire. */
export interface ErrorModel {
  readonly shape: string
  readonly code: string
  readonly status: number
  readonly messageMember: string
}

/** The published model of a service that the sandbox simulates. */
export interface Model {
  readonly service: string
  readonly protocol: 'json' | 'query' | 'rest-xml'
  /** `X-Amz-Target` prefix (json) or XML namespace (query, rest-xml). */
  readonly namespace: string
  readonly operations: ReadonlyMap<string, OperationModel>
  /** By shape name and by wire code. */
  readonly errors: ReadonlyMap<string, ErrorModel>
}

const STRUCTURE_ERROR = -3
const OPERATION = 9

type StaticSchema = readonly [number, string, string, unknown, ...unknown[]]

function staticSchemas(exported: object): StaticSchema[] {
  return Object.values(exported).filter(
    (value) => Array.isArray(value) && typeof value[0] === 'number' && typeof value[2] === 'string',
  )
}

function operationsOf(schemas: readonly StaticSchema[]): Map<string, OperationModel> {
  const found = schemas.filter((schema) => schema[0] === OPERATION)
  return new Map(
    found.map((schema) => {
      const [, , name, traits, input, output] = schema
      const { http } = (traits || {}) as { http?: [string, string, number] }
      const model = {
        name,
        input: NormalizedSchema.of(input as never),
        output: NormalizedSchema.of(output as never),
        http,
      }
      return [name, model]
    }),
  )
}

function errorsOf(schemas: readonly StaticSchema[]): Map<string, ErrorModel> {
  const errors = new Map<string, ErrorModel>()
  for (const schema of schemas.filter((one) => one[0] === STRUCTURE_ERROR)) {
    const [, , shape, traits, members] = schema
    const known = (traits || {}) as {
      awsQueryError?: [string, number]
      httpError?: number
      error?: string
    }
    const message = (members as string[]).find((member) => /^message$/i.test(member)) ?? 'message'
    const model = {
      shape,
      code: known.awsQueryError?.[0] ?? shape,
      status: known.awsQueryError?.[1] ?? known.httpError ?? (known.error === 'server' ? 500 : 400),
      messageMember: message,
    }
    errors.set(model.code, model)
    errors.set(shape, model)
  }
  return errors
}

/** Errors that a service answers and its model does not name: in the documentation of `InvalidationBatch` only. */
const UNMODELLED: Readonly<Record<string, readonly ErrorModel[]>> = {
  cloudfront: [
    {
      shape: 'InvalidationBatchAlreadyExists',
      code: 'InvalidationBatchAlreadyExists',
      status: 409,
      messageMember: 'Message',
    },
  ],
}

function model(service: string, wire: Pick<Model, 'protocol' | 'namespace'>, sdk: object): Model {
  const schemas = staticSchemas(sdk)
  const errors = errorsOf(schemas)
  for (const error of UNMODELLED[service] ?? []) errors.set(error.code, error)
  return { service, ...wire, operations: operationsOf(schemas), errors }
}

const MODELS: readonly Model[] = [
  model('ecs', { protocol: 'json', namespace: 'AmazonEC2ContainerServiceV20141113' }, ecs),
  model('ecr', { protocol: 'json', namespace: 'AmazonEC2ContainerRegistry_V20150921' }, ecr),
  model(
    'application-autoscaling',
    { protocol: 'json', namespace: 'AnyScaleFrontendService' },
    scaling,
  ),
  model('codedeploy', { protocol: 'json', namespace: 'CodeDeploy_20141006' }, codedeploy),
  model('secretsmanager', { protocol: 'json', namespace: 'secretsmanager' }, secretsManager),
  model('ssm', { protocol: 'json', namespace: 'AmazonSSM' }, ssm),
  model('monitoring', { protocol: 'json', namespace: 'GraniteServiceVersion20100801' }, cloudwatch),
  model('logs', { protocol: 'json', namespace: 'Logs_20140328' }, logs),
  model(
    'elasticloadbalancing',
    { protocol: 'query', namespace: 'http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/' },
    elb,
  ),
  model('rds', { protocol: 'query', namespace: 'http://rds.amazonaws.com/doc/2014-10-31/' }, rds),
  model('iam', { protocol: 'query', namespace: 'https://iam.amazonaws.com/doc/2010-05-08/' }, iam),
  model(
    'cloudfront',
    { protocol: 'rest-xml', namespace: 'http://cloudfront.amazonaws.com/doc/2020-05-31/' },
    cloudfront,
  ),
  model('sts', { protocol: 'query', namespace: 'https://sts.amazonaws.com/doc/2011-06-15/' }, sts),
]

/** The published model of a simulated service by its SigV4 name, or undefined if it is not one of ours. */
export function modelOf(service: string): Model | undefined {
  return MODELS.find((one) => one.service === service)
}
