// Starts the local cloud until it is interrupted; arguments: --port, --scale, --folder.
await import('../packages/sandbox/main.ts')
