import { CallError } from '#core'
import { type Answer, type GitHub, isMissing } from './api.ts'

/** An issue, as far as a ticket needs it. */
export interface Issue {
  readonly number: number
  readonly body: string
  readonly labels: readonly string[]
  /** Its page. */
  readonly url: string
}

/** What an issue is made from. */
export interface NewIssue {
  readonly title: string
  readonly body: string
  readonly labels: readonly string[]
  readonly assignees: readonly string[]
}

type Found = Answer<'GET /repos/{owner}/{repo}/issues/{issue_number}'>

const issueOf = ({ number, body, labels, html_url }: Found): Issue => ({
  number,
  body: body ?? '',
  labels: labels.map((label) => (typeof label === 'string' ? label : (label.name ?? ''))),
  url: html_url,
})

/** Most pages that are looked through: a hundred issues each, changed since the moment asked for. */
const pages = 10

/**
 * Lists the issues with a label that were changed since a moment, open and closed, the oldest first. The list knows an issue
 * at once; the search does so half a minute later.
 */
export async function listIssues(
  github: GitHub,
  { label, since }: { readonly label: string; readonly since: string },
): Promise<readonly Issue[]> {
  const found: Issue[] = []
  for (let page = 1; page <= pages; page++) {
    const some = await github.ask('GET /repos/{owner}/{repo}/issues', `label ${label}`, {
      ...{ labels: label, since, state: 'all', sort: 'created', direction: 'asc' },
      ...{ per_page: 100, page },
    })
    found.push(...some.filter(({ pull_request }) => !pull_request).map((one) => issueOf(one)))
    if (some.length < 100) break
  }
  return found
}

/** Reads an issue; undefined when it is not there or was deleted (410). Where issues are disabled it is 410 as well. */
export async function readIssue(github: GitHub, number: number): Promise<Issue | undefined> {
  try {
    return issueOf(
      await github.ask('GET /repos/{owner}/{repo}/issues/{issue_number}', `issue ${number}`, {
        issue_number: number,
      }),
    )
  } catch (thrown) {
    if (isMissing(thrown) || (thrown instanceof CallError && thrown.code === '410'))
      return undefined
    throw thrown
  }
}

/** Makes an issue. GitHub makes labels that are not there yet. */
export async function createIssue(github: GitHub, given: NewIssue): Promise<Issue> {
  const { title, body, labels, assignees } = given
  return issueOf(
    await github.ask('POST /repos/{owner}/{repo}/issues', title, {
      ...{ title, body, labels: [...labels], assignees: [...assignees] },
    }),
  )
}

/** Replaces the text of an issue. */
export async function rewriteIssue(github: GitHub, number: number, body: string): Promise<void> {
  await github.ask('PATCH /repos/{owner}/{repo}/issues/{issue_number}', `issue ${number}`, {
    issue_number: number,
    body,
  })
}

/** Closes an issue as one that nobody works on. */
export async function dismissIssue(github: GitHub, number: number): Promise<void> {
  await github.ask('PATCH /repos/{owner}/{repo}/issues/{issue_number}', `issue ${number}`, {
    issue_number: number,
    state: 'closed',
    state_reason: 'not_planned',
  })
}

/** Writes a comment under an issue. */
export async function commentOn(github: GitHub, number: number, body: string): Promise<void> {
  await github.ask('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', `issue ${number}`, {
    issue_number: number,
    body,
  })
}
