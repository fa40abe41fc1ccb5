import { AwsError, type Caller, type Service } from '../service.ts'
import { subjectOf } from './calls.ts'
import { readCbor, writeCbor } from './cbor.ts'
import { commonError, isKnownCode, writeError } from './errors.ts'
import { readJson, writeJson } from './json.ts'
import { type Model, modelOf, type OperationModel } from './model.ts'
import { queryParameters, readQuery, writeQuery } from './query.ts'
import { readRest, restOperation, writeRest } from './rest-xml.ts'
import type { Route } from './route.ts'
import { type Fields, isFields, ShapeError } from './shape.ts'
import { textOf, type WireReply, type WireRequest } from './wire.ts'

/** One call on its way: what was asked, by whom, and what became of it. */
export interface Context {
  readonly request: WireRequest
  readonly url: URL
  readonly route: Route
  readonly caller: Caller
}

/** A call that is understood and can be applied. */
export interface Prepared {
  /** The serialized input, for the `match` of fault rules. Never logged. */
  readonly text: string
  readonly subject: Record<string, string>
  /** The input of a call to a service of ours. */
  readonly input?: Fields
  apply(): Promise<WireReply>
}

/** Sends a request for a service that we do not simulate to the process that does. */
export type Forward = (context: Context) => Promise<WireReply>

function modelledOperation(model: Model, service: Service, context: Context): OperationModel {
  const { operation: name, protocol } = context.route
  const operation = model.operations.get(name)
  if (!operation) {
    const message = `${model.service} has no operation ${name}`
    throw commonError('unknown-operation', protocol, message)
  }
  if (!service.operations[name] || (model.protocol === 'json' && protocol === 'query')) {
    const message = `The sandbox does not simulate ${model.service}:${name}`
    throw commonError('not-simulated', protocol, message)
  }
  return operation
}

/** Runs one of our operations and insists that it answers as AWS could. */
async function run(service: Service, name: string, call: { input: Fields; caller: Caller }) {
  const operation = service.operations[name]
  if (!operation) throw new Error(`${service.name} has no operation ${name}`)
  return await operation(call.input, call.caller)
}

function inputOf(
  model: Model,
  operation: OperationModel,
  { request, url, route }: Pick<Context, 'request' | 'url' | 'route'>,
): Fields {
  if (route.protocol === 'cbor') return readCbor(operation, request.body)
  switch (model.protocol) {
    case 'json':
      return readJson(operation, request.body)
    case 'query':
      return readQuery(model, operation, queryParameters(url, request.body))
    case 'rest-xml': {
      const labels = restOperation(model, request.method, url.pathname)?.labels ?? {}
      return readRest(operation, labels, { url, body: request.body })
    }
  }
}

/** Reads a call to one of our own services. Throws AwsError if the input does not fit the published shape. */
export function prepareOwn(service: Service, context: Context): Prepared {
  const model = modelOf(service.name)
  if (!model) throw new Error(`No published model for the service ${service.name}`)
  const operation = modelledOperation(model, service, context)
  const { route, caller } = context
  const input = inputOf(model, operation, context)
  return {
    text: JSON.stringify(input),
    subject: subjectOf(input),
    input,
    apply: async () => {
      const output = await run(service, operation.name, { input, caller })
      if (route.protocol === 'cbor') return writeCbor(operation, output)
      if (model.protocol === 'json') return writeJson(operation, output)
      if (model.protocol === 'rest-xml') return writeRest(model, operation, output)
      return writeQuery({ model, operation, requestId: caller.requestId }, output)
    },
  }
}

/** A path as text; one that is not properly encoded stays as it is. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

function forwardedSubject({ request, url, route }: Context): Record<string, string> {
  if (route.service === 's3') {
    const [, Bucket = '', ...key] = url.pathname.split('/')
    const VersionId = url.searchParams.get('versionId')
    return subjectOf({
      ...(Bucket && { Bucket }),
      ...(key.length > 0 && { Key: decoded(key.join('/')) }),
      ...(VersionId && { VersionId }),
    })
  }
  if (route.protocol === 'query') {
    return subjectOf(Object.fromEntries(queryParameters(url, request.body)))
  }
  if (route.protocol !== 'json') return {}
  try {
    const body: unknown = JSON.parse(textOf(request.body))
    return isFields(body) ? subjectOf(body) : {}
  } catch {
    return {}
  }
}

/** Reads a call to a service behind us, as far as the log and the fault rules need it. */
export function prepareForwarded(forward: Forward | undefined, context: Context): Prepared {
  const { service, protocol } = context.route
  if (!forward) {
    const message = `This sandbox has no service ${service}: it runs in memory, without ministack`
    throw commonError('not-simulated', protocol, message)
  }
  const body = context.request.body
  const text = body.length <= 65_536 ? textOf(body) : ''
  return {
    text: `${decoded(context.url.pathname)}${context.url.search} ${text}`,
    subject: forwardedSubject(context),
    apply: () => forward(context),
  }
}

/** What an error becomes on the wire; anything that AWS could not have answered is a loud sandbox bug. */
export function errorReply(
  context: Context,
  error: unknown,
  log: (line: string) => void,
): { reply: WireReply; code: string } {
  const { route, caller } = context
  const model = modelOf(route.service)
  const call = { protocol: route.protocol, model, requestId: caller.requestId }
  const where = `${route.service}:${route.operation}`
  if (error instanceof AwsError && (!model || isKnownCode(model, error.code))) {
    const code = model?.errors.get(error.code)?.code ?? error.code
    return { reply: writeError(call, error), code }
  }
  const what =
    error instanceof AwsError
      ? `${error.code} is not an error of ${where}: ${error.message}`
      : error instanceof ShapeError
        ? `the answer of ${where} does not fit its published shape: ${error.message}`
        : `${where} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`
  log(`sandbox bug: ${what}`)
  const bug = commonError('sandbox-bug', route.protocol, `sandbox bug: ${what}`)
  return { reply: writeError(call, bug), code: bug.code }
}
