import type { Operation } from './call.ts'
import { ok } from './call.ts'
import { commitOperations } from './commits.ts'
import { deploymentOperations } from './deployments.ts'
import { environmentOperations } from './environments.ts'
import { issueOperations } from './issues.ts'
import { wholeRepositoryView } from './people.ts'
import type { OperationId } from './permissions.ts'
import { dispatchWorkflow } from './runs/dispatch.ts'
import { runOperations } from './runs/operations.ts'
import { reviewOperations } from './runs/reviews.ts'
import { subjectOperations } from './subject.ts'

/** Operations that are not about one repository. */
export type WorldOperationId = 'rate-limit/get' | 'search/issues-and-pull-requests'

/** Every operation of one repository. `people` are the logins and team names that may become reviewers by number. */
export const operationsOf = (
  people: readonly string[],
): Readonly<Record<Exclude<OperationId, WorldOperationId>, Operation>> => ({
  'repos/get': ({ world, repository }) =>
    ok({
      ...wholeRepositoryView(world, repository),
      subscribers_count: 0,
      network_count: 0,
    }),
  ...commitOperations,
  ...deploymentOperations,
  ...environmentOperations(people),
  ...issueOperations,
  ...runOperations,
  ...reviewOperations,
  ...subjectOperations,
  'actions/create-workflow-dispatch': dispatchWorkflow,
})
