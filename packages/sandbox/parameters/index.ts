import type { Ground, Operation, Service } from '../service.ts'
import { labelVersion, unlabelVersion } from './label.ts'
import { putParameter } from './put.ts'
import { described, isBelow, page, passes, remembered, select, shown } from './read.ts'
import { newest, notFound, type Shelf, shelf } from './shelf.ts'

function reads(parameters: Shelf): Record<string, Operation> {
  return {
    GetParameter: (input, caller) => {
      const { parameter, version } = select(parameters, caller, input.Name)
      return { Parameter: shown(parameter, version, input.WithDecryption) }
    },
    GetParameters: (input: { Names: string[]; WithDecryption?: boolean }, caller) => {
      const InvalidParameters: string[] = []
      const Parameters = input.Names.flatMap((name) => {
        try {
          const { parameter, version } = select(parameters, caller, name)
          return [shown(parameter, version, input.WithDecryption)]
        } catch {
          InvalidParameters.push(name)
          return []
        }
      })
      return { Parameters, InvalidParameters }
    },
    GetParametersByPath: (input, caller) => {
      const below = parameters
        .list(caller)
        .filter(({ name }) => isBelow(name, input.Path, input.Recursive ?? false))
      const { items, next } = page(below, input, 10)
      const Parameters = items.map((one) => shown(one, newest(one), input.WithDecryption))
      return { Parameters, ...next }
    },
    DescribeParameters: (input, caller) => {
      const passing = parameters
        .list(caller)
        .filter((one) =>
          (input.ParameterFilters ?? []).every((filter: Parameters<typeof passes>[1]) =>
            passes(one, filter),
          ),
        )
      const { items, next } = page(passing, input, 50)
      return { Parameters: items.map(described), ...next }
    },
    GetParameterHistory: (input, caller) => {
      const parameter = parameters.get(caller, input.Name)
      if (!parameter) throw notFound(input.Name)
      const { items, next } = page(parameter.versions, input, 50)
      const Parameters = items.map((one) => remembered(parameter, one, input.WithDecryption))
      return { Parameters, ...next }
    },
  }
}

function removals(parameters: Shelf): Record<string, Operation> {
  return {
    DeleteParameter: (input, caller) => {
      if (!parameters.remove(caller, input.Name)) throw notFound(input.Name)
      return {}
    },
    DeleteParameters: (input: { Names: string[] }, caller) => {
      const DeletedParameters = input.Names.filter((name) => parameters.remove(caller, name))
      const InvalidParameters = input.Names.filter((name) => !DeletedParameters.includes(name))
      return { DeletedParameters, InvalidParameters }
    },
  }
}

/** Parameter Store, per account and region; everything else of Systems Manager is answered by who is behind. */
export function parametersService({ clock }: Pick<Ground, 'clock'>): Service {
  const parameters = shelf()
  return {
    name: 'ssm',
    overlay: true,
    operations: {
      ...reads(parameters),
      ...removals(parameters),
      PutParameter: (input, caller) => putParameter(parameters, { input, caller }, clock.now()),
      LabelParameterVersion: (input, caller) => labelVersion(parameters, input, caller),
      UnlabelParameterVersion: (input, caller) => unlabelVersion(parameters, input, caller),
    },
  }
}
