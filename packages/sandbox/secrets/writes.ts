import { AwsError, type Caller, type Operation } from '../service.ts'
import { checkName, checkValue, tokenOf, usable, type ValueInput } from './checks.ts'
import { labelsOn, moveLabel } from './labels.ts'
import { addVersion, newArn, notFound, type Secret, type Tag, type Vault } from './vault.ts'

/** What the operations below share: the vault, the time and the caller's own secret. */
interface Desk {
  readonly secrets: Vault
  readonly now: () => number
}

interface CreateInput extends ValueInput {
  readonly Name: string
  readonly Tags?: readonly Tag[]
}

interface MoveInput {
  readonly SecretId: string
  readonly VersionStage: string
  readonly RemoveFromVersionId?: string
  readonly MoveToVersionId?: string
}

function named({ arn, name }: Secret) {
  return { ARN: arn, Name: name }
}

function described(input: ValueInput) {
  return {
    ...(input.Description !== undefined && { description: input.Description }),
    ...(input.KmsKeyId !== undefined && { kmsKeyId: input.KmsKeyId }),
  }
}

/** Stores the value of an input as a version of a secret, and returns both. */
function store(
  { secrets, now }: Desk,
  secret: Secret,
  { input, caller }: { input: ValueInput; caller: Caller },
) {
  const token = tokenOf(input.ClientRequestToken)
  const value = { token, text: input.SecretString, binary: input.SecretBinary }
  const stages = input.VersionStages ?? ['AWSCURRENT']
  const changed = addVersion(secret, value, { now: now(), stages })
  secrets.put(caller, changed)
  return { secret: changed, token }
}

/** CreateSecret on a name that exists: a repeat of the same request is fine, anything else is not. */
function recreated(existing: Secret, input: ValueInput) {
  if (existing.deletion) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    )
  }
  const version = existing.versions.find((one) => one.id === input.ClientRequestToken)
  const same =
    version?.text === input.SecretString &&
    Buffer.from(version?.binary ?? []).equals(Buffer.from(input.SecretBinary ?? []))
  if (version && same) return { ...named(existing), VersionId: version.id }
  throw new AwsError(
    'ResourceExistsException',
    `The operation failed because the secret ${existing.name} already exists.`,
  )
}

function create(desk: Desk, input: CreateInput, caller: Caller) {
  const { secrets, now } = desk
  checkName(input.Name)
  const hasValue = checkValue(input)
  const existing = secrets.get(caller, input.Name)
  if (existing) return recreated(existing, input)
  const secret: Secret = {
    name: input.Name,
    arn: newArn(caller, input.Name),
    created: now(),
    changed: now(),
    ...described(input),
    tags: input.Tags ?? [],
    versions: [],
    labels: {},
  }
  if (!hasValue) {
    secrets.put(caller, secret)
    return named(secret)
  }
  const { token } = store(desk, secret, { input, caller })
  return { ...named(secret), VersionId: token }
}

function putValue(desk: Desk, input: ValueInput, caller: Caller) {
  const secret = usable(desk.secrets.find(caller, input.SecretId))
  if (!checkValue(input)) {
    throw new AwsError(
      'InvalidRequestException',
      'You must provide either SecretString or SecretBinary.',
    )
  }
  const stored = store(desk, secret, { input, caller })
  const VersionStages = labelsOn(stored.secret.labels, stored.token)
  return { ...named(secret), VersionId: stored.token, VersionStages }
}

function update(desk: Desk, input: ValueInput, caller: Caller) {
  const secret = usable(desk.secrets.find(caller, input.SecretId))
  const hasValue = checkValue(input)
  const changed = { ...secret, changed: desk.now(), ...described(input) }
  if (!hasValue) {
    desk.secrets.put(caller, changed)
    return named(secret)
  }
  const current = { ...input, VersionStages: ['AWSCURRENT'] }
  const { token } = store(desk, changed, { input: current, caller })
  return { ...named(secret), VersionId: token }
}

function moveStage({ secrets, now }: Desk, input: MoveInput, caller: Caller) {
  const secret = usable(secrets.find(caller, input.SecretId))
  const { VersionStage: label, RemoveFromVersionId: from, MoveToVersionId: to } = input
  for (const id of [from, to]) {
    if (id === undefined || secret.versions.some((version) => version.id === id)) continue
    throw notFound(`Secrets Manager can't find the specified secret version: ${id}`)
  }
  const labels = moveLabel(secret.labels, { label, from, to })
  secrets.put(caller, { ...secret, labels, changed: now() })
  return named(secret)
}

/** Operations that make or change values and labels. */
export function writes(secrets: Vault, now: () => number): Record<string, Operation> {
  const desk = { secrets, now }
  return {
    CreateSecret: (input, caller) => create(desk, input, caller),
    PutSecretValue: (input, caller) => putValue(desk, input, caller),
    UpdateSecret: (input, caller) => update(desk, input, caller),
    UpdateSecretVersionStage: (input, caller) => moveStage(desk, input, caller),
  }
}
