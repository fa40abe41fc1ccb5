/** An image in a private registry of ECR, its name taken apart. */
export interface InEcr {
  readonly account: string
  readonly region: string
  readonly repository: string
  /** Undefined where the name has none; ECS then takes `latest`. */
  readonly tag: string | undefined
  /** `sha256:…`, where the name pins it. */
  readonly digest: string | undefined
}

/** `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:tag][@digest]`, also FIPS, China and dual-stack [AWS: Amazon ECR registries]. */
const name =
  /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|on\.aws)\/([^:@]+)(?::([^:@]+))?(?:@(.+))?$/

/** Takes the name of an image apart; undefined for one that no private registry of ECR holds. */
export function inEcr(image: string): InEcr | undefined {
  const [, account = '', region = '', repository = '', tag, digest] = name.exec(image) ?? []
  return repository === '' ? undefined : { account, region, repository, tag, digest }
}
