import { AwsError, type Caller } from '../service.ts'
import { newest, notFound, type Parameter, type Shelf, type Version } from './shelf.ts'

interface LabelInput {
  readonly Name: string
  readonly ParameterVersion?: number
  readonly Labels: readonly string[]
}

const MOST_LABELS = 10

function versionIn(parameters: Shelf, caller: Caller, { Name, ParameterVersion }: LabelInput) {
  const parameter = parameters.get(caller, Name)
  if (!parameter) throw notFound(Name)
  const number = ParameterVersion ?? newest(parameter).version
  const version = parameter.versions.find((one) => one.version === number)
  if (version) return { parameter, version }
  throw new AwsError(
    'ParameterVersionNotFound',
    `Systems Manager could not find version ${number} of ${Name}.`,
  )
}

function change(parameter: Parameter, labels: (version: Version) => readonly string[]): Parameter {
  const versions = parameter.versions.map((one) => ({ ...one, labels: labels(one) }))
  return { ...parameter, versions }
}

/** Moves labels to a version. A label that AWS does not take comes back in InvalidLabels, with success. */
export function labelVersion(parameters: Shelf, input: LabelInput, caller: Caller) {
  const { parameter, version } = versionIn(parameters, caller, input)
  const valid = input.Labels.filter((label) => /^(?!\d|aws|ssm)[\w.-]{1,100}$/i.test(label))
  const after = new Set([...version.labels, ...valid])
  if (after.size > MOST_LABELS) {
    throw new AwsError(
      'ParameterVersionLabelLimitExceeded',
      'A parameter version can have a maximum of ten labels.',
    )
  }
  parameters.put(
    caller,
    change(parameter, (one) =>
      one.version === version.version
        ? [...after]
        : one.labels.filter((label) => !valid.includes(label)),
    ),
  )
  const InvalidLabels = input.Labels.filter((label) => !valid.includes(label))
  return { InvalidLabels, ParameterVersion: version.version }
}

/** Takes labels from a version. */
export function unlabelVersion(parameters: Shelf, input: LabelInput, caller: Caller) {
  const { parameter, version } = versionIn(parameters, caller, input)
  const had = input.Labels.filter((label) => version.labels.includes(label))
  parameters.put(
    caller,
    change(parameter, (one) =>
      one.version === version.version
        ? one.labels.filter((label) => !had.includes(label))
        : one.labels,
    ),
  )
  const InvalidLabels = input.Labels.filter((label) => !had.includes(label))
  return { RemovedLabels: had, InvalidLabels }
}
