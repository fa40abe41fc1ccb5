# The parameters of ../cloudformation.yml, and where: CloudFormation knows that by itself.
variable "account" {
  description = "The account, 12 digits."
  type        = string
}

variable "region" {
  description = "The region, such as us-east-1."
  type        = string
}

variable "partition" {
  description = "The partition of the account."
  type        = string
  default     = "aws"
}

variable "repository" {
  description = "Your repository as its OIDC token names it, acme/shop, or acme@123456/shop@456789 where the ids are in it."
  type        = string
}

variable "deploy_from" {
  description = "Who deploys, environment:NAME of the deploy job, or ref:refs/heads/BRANCH when it has no environment."
  type        = string
  default     = "environment:production"
}

variable "rollback_from" {
  description = "Who rolls back, environment:NAME as rollback-environment says, or ref:refs/heads/BRANCH when that is empty."
  type        = string
  default     = "environment:production-rollback"
}

variable "role_name" {
  description = "Name of the role, for `role` in .github/rollback.yml."
  type        = string
  default     = "rollback"
}

variable "store_bucket" {
  description = "Name of the bucket of the store, for `store` in .github/rollback.yml."
  type        = string
}

variable "make_store" {
  description = "Whether this code makes the bucket. False when another one has."
  type        = bool
  default     = true
}

variable "make_provider" {
  description = "Whether this code makes GitHub's identity provider. An account can have it only once."
  type        = bool
  default     = true
}

variable "cluster" {
  description = "ECS cluster of the services. Empty means none."
  type        = string
  default     = ""
}

variable "migration_family" {
  description = "Task definition family in which down migrations run (`migrations.revert`, task); needs the cluster. Empty means none."
  type        = string
  default     = ""
}

variable "task_roles" {
  description = "Roles that tasks run with, such as acme-task*, for copies of task definitions and for down migrations. Empty means none of both."
  type        = string
  default     = ""
}

variable "code_deploy" {
  description = "Whether CodeDeploy deploys services (deployment controller CODE_DEPLOY)."
  type        = bool
  default     = false
}

variable "alarms" {
  description = "Whether the check `alarms` is used."
  type        = bool
  default     = false
}

variable "log_groups" {
  description = "Log groups of the check `logs`, such as /ecs/acme-production/*. Empty means none."
  type        = string
  default     = ""
}

variable "database" {
  description = "Identifier of the database instance. Restored ones begin with it. Empty means none."
  type        = string
  default     = ""
}

variable "database_role" {
  description = "Role that the database has, such as rds-monitoring. Empty means none."
  type        = string
  default     = ""
}

variable "connection_secret" {
  description = "Name of the secret with the connection string. Empty means none."
  type        = string
  default     = ""
}

variable "secrets" {
  description = "Secrets that are put back, such as acme/production/*. Empty means none."
  type        = string
  default     = ""
}

variable "parameters" {
  description = "Parameters that are put back, without the first slash, such as acme/production/*. Empty means none."
  type        = string
  default     = ""
}

variable "site_bucket" {
  description = "Bucket of the static site. Empty means none."
  type        = string
  default     = ""
}

variable "distribution" {
  description = "Id of the CloudFront distribution before the site. Empty means none."
  type        = string
  default     = ""
}
