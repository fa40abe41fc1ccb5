import {
  bucketName,
  choice,
  common,
  distributionId,
  flag,
  keyPrefix,
  matching,
  optional,
  text,
} from '#inputs'

export const inputs = {
  ...common,
  mode: choice('capture', 'restore', 'redeploy'),
  bucket: optional(matching(bucketName, 'the name of a bucket')),
  prefix: optional(matching(keyPrefix, 'a folder such as app/')),
  distribution: optional(
    matching(distributionId, 'the id of a distribution such as E1A2B3C4D5E6F7'),
  ),
  to: text,
  record: optional(
    matching(/^[A-Za-z0-9][\w.-]*\/[\w.-]+\/rollback-\d+$/, '<environment>/<run id>/rollback-<n>'),
  ),
  created: choice('hide-documents', 'keep'),
  build: optional(text),
  'cache-control': optional(text),
  'without-index': flag,
  url: optional(matching(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/, 'the address of the site')),
}
