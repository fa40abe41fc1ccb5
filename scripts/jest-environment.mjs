// Where tests run: jest's own environment for Node with one difference. Jest makes the global object of a test file a proxy in a
// contextified object, and each look at `Array` or `Symbol` goes through both: about a hundred times as slow as in Node, half of
// the time of a test that uses the AWS SDK. Here it is an ordinary global object of a context of its own.
import { constants, createContext } from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'

export default class extends TestEnvironment {
  constructor(config, context) {
    super(config, context)
    const jests = this.global
    const own = createContext(constants.DONT_CONTEXTIFY)
    const language = new Set(Object.getOwnPropertyNames(own))
    for (const name of Reflect.ownKeys(jests)) {
      if (!language.has(name) || shared.has(name)) copy(own, jests, name)
    }
    own.global = own
    own.Error.stackTraceLimit = jests.Error.stackTraceLimit
    const { moduleMocker, fakeTimersModern } = this
    this.context = own
    this.global = own
    this.moduleMocker = new moduleMocker.constructor(own)
    this.fakeTimersModern = new fakeTimersModern.constructor({
      config: config.projectConfig,
      global: own,
    })
  }
}

/** What the language has and jest takes from Node's own context, so that `instanceof` holds for what Node makes. */
const shared = new Set(['ArrayBuffer', 'Uint8Array'])

/** Node makes some of its globals when they are first used, and jest passes that on; the copy is a plain value from then on. */
function copy(own, from, name) {
  const found = Object.getOwnPropertyDescriptor(from, name)
  const { enumerable, configurable } = found
  const plain = (value) =>
    Object.defineProperty(own, name, { enumerable, configurable, value, writable: true })
  const lazy = {
    ...{ enumerable, configurable, set: plain },
    get: () => {
      const value = from[name]
      plain(value)
      return value
    },
  }
  Object.defineProperty(own, name, found.get && configurable ? lazy : found)
}
