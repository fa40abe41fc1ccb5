# What rollback-actions needs in an AWS account: the bucket of the store, GitHub's identity provider, and the role of one
# environment. The twin of ../cloudformation.yml; the policies are in policies.tf.
terraform {
  required_version = ">= 1.3"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0"
    }
  }
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account]
}

resource "aws_s3_bucket" "store" {
  count  = var.make_store ? 1 : 0
  bucket = var.store_bucket

  lifecycle {
    # Restore points outlive the code that made their bucket.
    prevent_destroy = true
  }
}

resource "aws_s3_bucket_versioning" "store" {
  count  = var.make_store ? 1 : 0
  bucket = aws_s3_bucket.store[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_ownership_controls" "store" {
  count  = var.make_store ? 1 : 0
  bucket = aws_s3_bucket.store[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "store" {
  count                   = var.make_store ? 1 : 0
  bucket                  = aws_s3_bucket.store[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_lifecycle_configuration" "store" {
  count  = var.make_store ? 1 : 0
  bucket = aws_s3_bucket.store[0].id

  # Only what was overwritten: a lease is, every minute. No rule expires a current document, however old.
  rule {
    id     = "overwritten-documents"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 90
    }
  }

  depends_on = [aws_s3_bucket_versioning.store]
}

resource "aws_s3_bucket_policy" "store" {
  count  = var.make_store ? 1 : 0
  bucket = aws_s3_bucket.store[0].id
  policy = jsonencode(local.store_policy)

  # AWS refuses a policy that names a role which is not there.
  depends_on = [aws_iam_role.rollback, aws_s3_bucket_public_access_block.store]
}

resource "aws_iam_openid_connect_provider" "github" {
  count          = var.make_provider ? 1 : 0
  url            = "https://token.actions.githubusercontent.com"
  client_id_list = ["sts.amazonaws.com"]
}

resource "aws_iam_role" "rollback" {
  name               = var.role_name
  description        = "Deployments and rollbacks by rollback-actions"
  assume_role_policy = jsonencode(local.trust_policy)

  lifecycle {
    precondition {
      condition     = can(regex("^[\\w.-]+(@\\d+)?/[\\w.-]+(@\\d+)?$", var.repository))
      error_message = "repository: expected acme/shop, or acme@123456/shop@456789."
    }
    precondition {
      condition = alltrue([
        for from in [var.deploy_from, var.rollback_from] :
        can(regex("^(environment:|ref:refs/heads/)[^*?:]+$", from))
      ])
      error_message = "deploy_from, rollback_from: expected environment:NAME or ref:refs/heads/BRANCH, without wildcards."
    }
  }

  depends_on = [aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "rollback" {
  name   = "rollback"
  role   = aws_iam_role.rollback.id
  policy = jsonencode(local.role_policy)
}

output "role_arn" {
  description = "For `role` in .github/rollback.yml"
  value       = aws_iam_role.rollback.arn
}

output "store_location" {
  description = "For `store` in .github/rollback.yml"
  value       = "s3://${var.store_bucket}"
}
