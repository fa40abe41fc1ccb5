/**
 * Runs the real workflow files and the real bundles with act 0.2.89 in host mode, without Docker.
 *
 * What works: nested reusable workflows, jobs after failed ones with `always()`, outputs between jobs, summaries, JS
 * actions by `main: ../../dist/…`, the sandbox's OIDC variables, run id, attempt and repository by `--env`.
 * What does not, and what is done about it:
 * - `$/…`, `./.github/workflows/…` in a called workflow, `queue:`: rewritten, a fixed list of lines (`rewriteForAct`).
 * - `github.sha` is always HEAD of the caller's repository, so each run gets a clone at its commit.
 * - `--job` also runs what the job needs, so "re-run this job" gives the other jobs stand-ins (`rerunJobs`).
 * - Each step is a process group of its own, so killing a run kills act's whole process tree (`Running.kill`).
 * - Steps that were skipped are not told of: they are absent from `steps`.
 * - `github.workflow` is the called file's name in a called workflow (on GitHub it is the caller's).
 * - No cancellation, concurrency, permissions, environments, job timeouts: tested elsewhere (docs/decisions.md).
 */
export * from '../../packages/sandbox/act/index.ts'
