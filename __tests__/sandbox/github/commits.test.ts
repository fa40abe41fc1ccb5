import { describe, expect, test } from '@jest/globals'
import { hub, refused } from './hub.ts'

/**
 *   first -- bad -- fix          main
 *        \
 *         side -- more           topic
 */
function forked() {
  const world = hub()
  const { shop } = world
  const first = shop.commit({ message: 'First' })
  const side = shop.commit({ message: 'Side', branch: 'topic', parents: [first] })
  const bad = shop.commit({ message: 'Bad', files: ['a.ts'] })
  const fix = shop.commit({ message: 'Fix', files: ['a.ts', 'b.ts'] })
  const more = shop.commit({ message: 'More', branch: 'topic' })
  return { ...world, first, side, bad, fix, more }
}

describe('a comparison', () => {
  const rows: [string, string, string, object][] = [
    ['a fix contains the bad commit', 'bad', 'fix', { status: 'ahead', ahead_by: 1, behind_by: 0 }],
    ['the bad commit lacks the fix', 'fix', 'bad', { status: 'behind', ahead_by: 0, behind_by: 1 }],
    ['a commit is itself', 'bad', 'bad', { status: 'identical', ahead_by: 0, behind_by: 0 }],
    [
      'a side lacks the bad commit',
      'bad',
      'more',
      { status: 'diverged', ahead_by: 2, behind_by: 1 },
    ],
    [
      'the fix is away from the side',
      'side',
      'fix',
      { status: 'diverged', ahead_by: 2, behind_by: 1 },
    ],
  ]
  test.each(rows)('says that %s', async (_what, base, head, told) => {
    const { client, at, ...commits } = forked()
    const [from, to] = [base, head].map((name) => commits[name as 'bad'])
    const basehead = `${from}...${to}`
    const { data } = await client.rest.repos.compareCommitsWithBasehead({ ...at, basehead })
    expect(data).toMatchObject(told)
    expect(data.merge_base_commit.sha).toBe(
      data.status === 'diverged' ? commits.first : data.status === 'behind' ? to : from,
    )
    expect(data.total_commits).toBe(data.ahead_by)
  })

  test('takes branches, and tells commits oldest first with every file once', async () => {
    const { client, at, first, bad, fix } = forked()
    const basehead = `${first}...main`
    const { data } = await client.rest.repos.compareCommitsWithBasehead({ ...at, basehead })
    expect(data.commits.map(({ sha }) => sha)).toEqual([bad, fix])
    expect(data.files?.map(({ filename }) => filename)).toEqual(['a.ts', 'b.ts'])
  })

  test.each(['gone...main', 'main...gone', 'main'])('of %s is not found', async (basehead) => {
    const { client, at } = forked()
    const call = client.rest.repos.compareCommitsWithBasehead({ ...at, basehead })
    expect((await refused(call)).status).toBe(404)
  })

  test('with more than a page of commits counts all of them', async () => {
    const { client, at, shop, fix } = forked()
    for (let n = 0; n < 130; n += 1) shop.commit({ message: `Change ${n}` })
    const compare = async (page: number) => {
      const basehead = `${fix}...main`
      const answer = await client.rest.repos.compareCommitsWithBasehead({
        ...at,
        basehead,
        per_page: 100,
        page,
      })
      return [answer.data.total_commits, answer.data.commits.length]
    }
    expect([await compare(1), await compare(2)]).toEqual([
      [130, 100],
      [130, 30],
    ])
  })
})

describe('a ref', () => {
  test('is made once, which makes it a lock', async () => {
    const { client, at, bad } = forked()
    const lock = () =>
      client.rest.git.createRef({ ...at, ref: 'refs/heads/locks/production', sha: bad })
    const answers = await Promise.allSettled([lock(), lock(), lock()])
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await refused(lock())).message).toBe('Reference already exists')
    const { data } = await client.rest.git.getRef({ ...at, ref: 'heads/locks/production' })
    expect(data.object.sha).toBe(bad)
  })

  test('goes forward only, unless forced', async () => {
    const { client, at, bad, fix } = forked()
    const move = (sha: string, force = false) =>
      client.rest.git.updateRef({ ...at, ref: 'heads/main', sha, force })
    expect((await refused(move(bad))).message).toBe('Update is not a fast forward')
    expect((await move(bad, true)).data.object.sha).toBe(bad)
    expect((await move(fix)).data.object.sha).toBe(fix)
  })

  const refusals: [string, string, string | undefined, string][] = [
    ['a name without refs/', 'heads/x', undefined, "Reference name must start with 'refs/'"],
    ['a commit that is not there', 'refs/heads/x', '0'.repeat(40), 'Object does not exist'],
  ]
  test.each(refusals)('is not made with %s', async (_what, ref, sha, told) => {
    const { client, at, bad } = forked()
    const call = client.rest.git.createRef({ ...at, ref, sha: sha ?? bad })
    const { status, message } = await refused(call)
    expect([status, message]).toEqual([422, expect.stringContaining(told)])
  })
})

describe('commits and what is about them', () => {
  test('a commit is named by branch, sha or the beginning of it', async () => {
    const { client, at, fix } = forked()
    for (const ref of ['main', 'heads/main', fix, fix.slice(0, 8)])
      expect((await client.rest.repos.getCommit({ ...at, ref })).data.sha).toBe(fix)
    const { status, message } = await refused(client.rest.repos.getCommit({ ...at, ref: 'gone' }))
    expect([status, message]).toEqual([422, 'No commit found for SHA: gone'])
  })

  test('the history of a branch is newest first and without the others', async () => {
    const { client, at } = forked()
    const titles = async (sha: string) =>
      (await client.rest.repos.listCommits({ ...at, sha })).data.map(({ commit }) => commit.message)
    expect(await titles('main')).toEqual(['Fix', 'Bad', 'First', 'Begin'])
    expect(await titles('topic')).toEqual(['More', 'Side', 'First', 'Begin'])
  })

  test('pull requests are found by the merge and by what they brought', async () => {
    const { client, at, shop, side, more, bad } = forked()
    const { number, sha } = shop.merge('topic', 'Add a side')
    const pullsOf = async (commit_sha: string) => {
      const answer = await client.rest.repos.listPullRequestsAssociatedWithCommit({
        ...at,
        commit_sha,
      })
      return answer.data.map((pull) => [pull.number, pull.title, pull.merged_at !== null])
    }
    for (const commit of [side, more, sha])
      expect(await pullsOf(commit)).toEqual([[number, 'Add a side', true]])
    expect(await pullsOf(bad)).toEqual([])
  })

  const states: [readonly ('success' | 'failure' | 'pending')[], string][] = [
    [[], 'pending'],
    [['success'], 'success'],
    [['success', 'pending'], 'pending'],
    [['success', 'failure'], 'failure'],
  ]
  test.each(states)('statuses %j are together %s', async (given, told) => {
    const { client, at, fix: sha } = forked()
    for (const [n, state] of given.entries())
      await client.rest.repos.createCommitStatus({ ...at, sha, state, context: `ci-${n}` })
    const { data } = await client.rest.repos.getCombinedStatusForRef({ ...at, ref: 'main' })
    expect([data.state, data.total_count]).toEqual([told, given.length])
  })
})
