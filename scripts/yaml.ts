import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** Reads a YAML file of the checkout; an error names the file. */
export function readYaml<Shape>(file: string): Shape {
  try {
    return parse(readFileSync(join(import.meta.dirname, '..', file), 'utf8'))
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`)
  }
}
