import { join } from 'node:path'
import { type AlarmReader, alarmReader } from './alarms.ts'
import { type AutoscalingService, autoscalingService } from './autoscaling/index.ts'
import { type CloudFrontService, cloudfrontService } from './cloudfront/index.ts'
import { codeDeployService } from './codedeploy/index.ts'
import { ecrService } from './ecr/index.ts'
import { type EcsService, ecsService } from './ecs/index.ts'
import { balancingService } from './elb/index.ts'
import { createGateway, type Forward, type Gateway, keyring } from './gateway/index.ts'
import { iam } from './iam/index.ts'
import { logsService } from './logs/index.ts'
import { monitoringService } from './monitoring/index.ts'
import { tokenEndpoint } from './oidc/endpoint.ts'
import { type Issuer, oidcIssuer } from './oidc/index.ts'
import { parametersService } from './parameters/index.ts'
import { containerSecrets, parameterResolver } from './parameters.ts'
import type { DataPlane } from './postgres/index.ts'
import type { Runtime } from './processes/runtime.ts'
import { type RdsService, rdsService } from './rds/index.ts'
import { type SecretResolver, secretsService } from './secrets/index.ts'
import { AwsError, type Ground, type Service } from './service.ts'
import { type Role, stsService } from './sts/index.ts'

/** What a service of the sandbox may need from the others. */
export interface Wiring {
  /** The value of a container secret's `valueFrom`, from Secrets Manager or SSM. */
  readonly resolveSecret: SecretResolver
  /** The alarms of CloudWatch. */
  readonly alarms: AlarmReader
}

/** More services, or others in place of ours by the same name. */
export type MoreServices = (ground: Ground, wiring: Wiring) => readonly Service[]

/** What a cloud stands on: where containers run, where databases run, and who answers for everything else. */
export interface CloudParts {
  readonly ground: Ground
  readonly runtime: Runtime
  readonly data: DataPlane
  readonly forward?: Forward
  /** The roles that exist; without a list every role exists and trusts every job. */
  readonly roles?: readonly Role[]
  readonly services?: MoreServices
}

/** The simulated services behind one gateway. */
export interface Cloud {
  readonly gateway: Gateway
  readonly ecs: EcsService
  readonly autoscaling: AutoscalingService
  readonly rds: RdsService
  readonly cloudfront: CloudFrontService
  readonly issuer: Issuer
  /** Ends every process and timer of the services. */
  close(): Promise<void>
}

/** Ends all services, also when one of them fails to end. Throws the first failure. */
async function closeAll(services: readonly Service[]): Promise<void> {
  const ends = await Promise.allSettled(services.map((service) => service.close?.()))
  const failed = ends.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
}

/** Another service in the place of Parameter Store that cannot read one. */
const notThere = () => {
  throw new AwsError('NotImplemented', 'The sandbox has no GetParameter.', 501)
}

/** Another ECS in the place of ours: its images and balancers are the ones that exist. */
const isEcs = (service: Service): service is EcsService =>
  service.name === 'ecs' && 'images' in service && 'balancers' in service

/** Builds the services and the gateway before them, wired to each other. */
export function createCloud(parts: CloudParts): Cloud {
  const { ground, roles, forward } = parts
  const { clock, log } = ground
  const keys = keyring(clock)
  const issuer = oidcIssuer(clock)
  const secrets = secretsService({ clock })
  const ssm = parametersService({ clock })
  const parameters = parameterResolver(
    () => services.find(({ name }) => name === 'ssm')?.operations.GetParameter ?? notThere,
  )
  const resolveSecret = containerSecrets(secrets.resolveSecret, parameters)
  const alarms = alarmReader(
    () => services.find(({ name }) => name === 'monitoring')?.operations.DescribeAlarms,
  )
  const below = (name: string): Ground => ({ ...ground, folder: join(ground.folder, name) })
  const ecs = ecsService(below('ecs'), { runtime: parts.runtime, resolveSecret, alarms })
  const rds = rdsService(below('rds'), { data: parts.data })
  const sts = stsService({ clock, keys, issuer, ...(roles && { roles }) })
  const cloudfront = cloudfrontService(ground, (request) => gateway.handle(request))
  const [monitoring, logs] = [monitoringService({ clock }), logsService({ clock })]
  const tokens = tokenEndpoint(issuer)
  const { guard, admin: rolePages, service: access } = iam(roles, { secrets, ecs })
  const given = parts.services?.(ground, { resolveSecret, alarms }) ?? []
  const shown = given.find(isEcs) ?? ecs
  const deploys = codeDeployService({ clock }, { ecs: shown, alarms })
  const replaced = new Set(given.map((service) => service.name))
  const autoscaling = autoscalingService({ clock, ecs: shown })
  const ofTasks = [ecrService(shown), balancingService(shown), autoscaling]
  const ours = [
    secrets,
    ssm,
    sts,
    access,
    ecs,
    ...ofTasks,
    deploys,
    rds,
    cloudfront,
    monitoring,
    logs,
  ]
  const services: readonly Service[] = [
    ...ours.filter((service) => !replaced.has(service.name)),
    ...given,
  ]
  const gateway: Gateway = createGateway({
    clock,
    keys,
    services,
    log,
    pages: { oidc: tokens.page },
    admin: { tokens: tokens.admin, ...rolePages },
    ...(forward && { forward }),
    guard,
  })
  const close = () => closeAll([deploys, autoscaling, ecs, rds, cloudfront, ...given])
  return { gateway, ecs, autoscaling, rds, cloudfront, issuer, close }
}
