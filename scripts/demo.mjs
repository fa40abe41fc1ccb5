// Tells the story of a release that breaks everything and goes back by itself; arguments: --scale, --page.
await import('../packages/sandbox/demo/main.ts')
