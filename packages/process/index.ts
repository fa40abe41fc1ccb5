export { type Exit, type Program, runProgram } from './program.ts'
export { runScript, type ScriptSettings, type Surroundings, scriptSettings } from './script.ts'
