# The policies of docs/permissions.md. Only `locals` that ask nothing but variables: a test works them out and compares them.
locals {
  role_policy = {
    Version = "2012-10-17"
    Statement = [for statement in [
      {
        Sid      = "Store"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:PutObject"]
        Resource = "arn:${var.partition}:s3:::${var.store_bucket}/*"
      },
      {
        Sid      = "StoreBucket"
        Effect   = "Allow"
        Action   = ["s3:GetBucketVersioning", "s3:ListBucket"]
        Resource = "arn:${var.partition}:s3:::${var.store_bucket}"
      },
      var.cluster != "" ? {
        Sid    = "Services"
        Effect = "Allow"
        Action = [
          "ecs:DescribeServices",
          "ecs:UpdateService",
          "ecs:DescribeServiceRevisions",
          "ecs:ListServiceDeployments",
          "ecs:DescribeServiceDeployments",
          "ecs:StopServiceDeployment",
          "ecs:ContinueServiceDeployment",
        ]
        Resource = [
          "arn:${var.partition}:ecs:${var.region}:${var.account}:service/${var.cluster}/*",
          "arn:${var.partition}:ecs:${var.region}:${var.account}:service-revision/${var.cluster}/*",
          "arn:${var.partition}:ecs:${var.region}:${var.account}:service-deployment/${var.cluster}/*",
        ]
      } : null,
      var.cluster != "" ? {
        Sid      = "Tasks"
        Effect   = "Allow"
        Action   = ["ecs:ListServices", "ecs:ListTasks", "ecs:DescribeTasks"]
        Resource = "*"
        Condition = {
          ArnEquals = {
            "ecs:cluster" = "arn:${var.partition}:ecs:${var.region}:${var.account}:cluster/${var.cluster}"
          }
        }
      } : null,
      var.cluster != "" ? {
        Sid      = "TaskDefinitions"
        Effect   = "Allow"
        Action   = ["ecs:DescribeTaskDefinition", "ecs:ListTaskDefinitions"]
        Resource = "*"
      } : null,
      var.cluster != "" ? {
        Sid    = "Standing"
        Effect = "Allow"
        Action = [
          "ecr:DescribeImages",
          "ecr:DescribePullThroughCacheRules",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
          "iam:GetRole",
          "secretsmanager:DescribeSecret",
          "secretsmanager:ListSecretVersionIds",
          "ssm:DescribeParameters",
        ]
        Resource = "*"
      } : null,
      var.task_roles != "" ? {
        Sid      = "Copies"
        Effect   = "Allow"
        Action   = "ecs:RegisterTaskDefinition"
        Resource = "*"
      } : null,
      var.task_roles != "" ? {
        Sid      = "CopyTags"
        Effect   = "Allow"
        Action   = "ecs:TagResource"
        Resource = "arn:${var.partition}:ecs:${var.region}:${var.account}:task-definition/*"
        Condition = {
          StringEquals = {
            "ecs:CreateAction" = "RegisterTaskDefinition"
          }
        }
      } : null,
      var.task_roles != "" ? {
        Sid      = "TaskRoles"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = "arn:${var.partition}:iam::${var.account}:role/${var.task_roles}"
        Condition = {
          StringLike = {
            "iam:PassedToService" = "ecs-tasks.amazonaws.com"
          }
        }
      } : null,
      var.code_deploy ? {
        Sid      = "CodeDeployments"
        Effect   = "Allow"
        Action   = ["codedeploy:ListApplications", "codedeploy:GetDeploymentTarget", "codedeploy:StopDeployment"]
        Resource = "*"
      } : null,
      var.code_deploy ? {
        Sid    = "CodeDeploy"
        Effect = "Allow"
        Action = [
          "codedeploy:ListDeploymentGroups",
          "codedeploy:BatchGetDeploymentGroups",
          "codedeploy:ListDeployments",
          "codedeploy:BatchGetDeployments",
          "codedeploy:CreateDeployment",
          "codedeploy:GetDeploymentConfig",
          "codedeploy:GetApplicationRevision",
          "codedeploy:RegisterApplicationRevision",
        ]
        Resource = [
          "arn:${var.partition}:codedeploy:${var.region}:${var.account}:application:*",
          "arn:${var.partition}:codedeploy:${var.region}:${var.account}:deploymentgroup:*",
          "arn:${var.partition}:codedeploy:${var.region}:${var.account}:deploymentconfig:*",
        ]
      } : null,
      var.cluster != "" ? {
        Sid      = "ScalableTargets"
        Effect   = "Allow"
        Action   = "application-autoscaling:DescribeScalableTargets"
        Resource = "*"
      } : null,
      var.cluster != "" ? {
        Sid      = "Scaling"
        Effect   = "Allow"
        Action   = "application-autoscaling:RegisterScalableTarget"
        Resource = "arn:${var.partition}:application-autoscaling:${var.region}:${var.account}:scalable-target/*"
      } : null,
      var.alarms ? {
        Sid      = "Alarms"
        Effect   = "Allow"
        Action   = "cloudwatch:DescribeAlarms"
        Resource = "*"
      } : null,
      var.log_groups != "" ? {
        Sid      = "Logs"
        Effect   = "Allow"
        Action   = "logs:FilterLogEvents"
        Resource = "arn:${var.partition}:logs:${var.region}:${var.account}:log-group:${var.log_groups}"
      } : null,
      var.database != "" ? {
        Sid      = "DatabaseReads"
        Effect   = "Allow"
        Action   = ["rds:DescribeDBInstances", "rds:DescribeDBSnapshots", "rds:DescribeAccountAttributes"]
        Resource = "*"
      } : null,
      var.database != "" ? {
        Sid    = "Database"
        Effect = "Allow"
        Action = [
          "rds:CreateDBSnapshot",
          "rds:RestoreDBInstanceFromDBSnapshot",
          "rds:ModifyDBInstance",
          "rds:AddRoleToDBInstance",
          "rds:AddTagsToResource",
        ]
        Resource = [
          "arn:${var.partition}:rds:${var.region}:${var.account}:db:${var.database}*",
          "arn:${var.partition}:rds:${var.region}:${var.account}:snapshot:pre-migration-*",
          "arn:${var.partition}:rds:${var.region}:${var.account}:snapshot:pre-rollback-*",
          "arn:${var.partition}:rds:${var.region}:${var.account}:pg:*",
          "arn:${var.partition}:rds:${var.region}:${var.account}:og:*",
          "arn:${var.partition}:rds:${var.region}:${var.account}:subgrp:*",
        ]
      } : null,
      var.database_role != "" ? {
        Sid      = "DatabaseRoles"
        Effect   = "Allow"
        Action   = "iam:PassRole"
        Resource = "arn:${var.partition}:iam::${var.account}:role/${var.database_role}"
        Condition = {
          StringLike = {
            "iam:PassedToService" = ["monitoring.rds.amazonaws.com", "rds.amazonaws.com"]
          }
        }
      } : null,
      var.connection_secret != "" ? {
        Sid    = "ConnectionSecret"
        Effect = "Allow"
        Action = [
          "secretsmanager:GetSecretValue",
          "secretsmanager:PutSecretValue",
          "secretsmanager:UpdateSecretVersionStage",
        ]
        Resource = "arn:${var.partition}:secretsmanager:${var.region}:${var.account}:secret:${var.connection_secret}-??????"
      } : null,
      var.secrets != "" ? {
        Sid    = "Secrets"
        Effect = "Allow"
        Action = [
          "secretsmanager:DescribeSecret",
          "secretsmanager:ListSecretVersionIds",
          "secretsmanager:UpdateSecretVersionStage",
        ]
        Resource = "arn:${var.partition}:secretsmanager:${var.region}:${var.account}:secret:${var.secrets}"
      } : null,
      var.parameters != "" ? {
        Sid      = "Parameters"
        Effect   = "Allow"
        Action   = ["ssm:GetParameterHistory", "ssm:PutParameter"]
        Resource = "arn:${var.partition}:ssm:${var.region}:${var.account}:parameter/${var.parameters}"
      } : null,
      var.parameters != "" ? {
        Sid      = "ParameterNames"
        Effect   = "Allow"
        Action   = "ssm:DescribeParameters"
        Resource = "*"
      } : null,
      var.site_bucket != "" ? {
        Sid    = "SiteBucket"
        Effect = "Allow"
        Action = [
          "s3:GetBucketVersioning",
          "s3:ListBucketVersions",
          "s3:ListBucket",
          "s3:GetLifecycleConfiguration",
          "s3:GetBucketOwnershipControls",
        ]
        Resource = "arn:${var.partition}:s3:::${var.site_bucket}"
      } : null,
      var.site_bucket != "" ? {
        Sid      = "Site"
        Effect   = "Allow"
        Action   = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject"]
        Resource = "arn:${var.partition}:s3:::${var.site_bucket}/*"
      } : null,
      var.distribution != "" ? {
        Sid    = "Distribution"
        Effect = "Allow"
        Action = [
          "cloudfront:CreateInvalidation",
          "cloudfront:GetInvalidation",
          "cloudfront:ListInvalidations",
        ]
        Resource = "arn:${var.partition}:cloudfront::${var.account}:distribution/${var.distribution}"
      } : null,
      var.migration_family != "" ? {
        Sid      = "MigrationTask"
        Effect   = "Allow"
        Action   = "ecs:RunTask"
        Resource = "arn:${var.partition}:ecs:${var.region}:${var.account}:task-definition/${var.migration_family}:*"
        Condition = {
          ArnEquals = {
            "ecs:cluster" = "arn:${var.partition}:ecs:${var.region}:${var.account}:cluster/${var.cluster}"
          }
        }
      } : null,
      {
        Sid      = "AboutItself"
        Effect   = "Allow"
        Action   = "iam:SimulatePrincipalPolicy"
        Resource = "arn:${var.partition}:iam::${var.account}:role/${var.role_name}"
      },
    ] : statement if statement != null]
  }

  trust_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = "arn:${var.partition}:iam::${var.account}:oidc-provider/token.actions.githubusercontent.com"
        }
        Action = "sts:AssumeRoleWithWebIdentity"
        Condition = {
          StringEquals = {
            "token.actions.githubusercontent.com:aud" = "sts.amazonaws.com"
            "token.actions.githubusercontent.com:sub" = [
              "repo:${var.repository}:${var.deploy_from}",
              "repo:${var.repository}:${var.rollback_from}",
            ]
          }
        }
      },
    ]
  }

  store_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "OnlyOverTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource = [
          "arn:${var.partition}:s3:::${var.store_bucket}",
          "arn:${var.partition}:s3:::${var.store_bucket}/*",
        ]
        Condition = {
          Bool = {
            "aws:SecureTransport" = "false"
          }
        }
      },
      {
        Sid       = "OnlyConditionalWrites"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:PutObject"
        Resource  = "arn:${var.partition}:s3:::${var.store_bucket}/*"
        Condition = {
          Null = {
            "s3:if-match"      = "true"
            "s3:if-none-match" = "true"
          }
        }
      },
      {
        Sid    = "TheRoleErasesNothing"
        Effect = "Deny"
        Principal = {
          AWS = "arn:${var.partition}:iam::${var.account}:role/${var.role_name}"
        }
        Action = [
          "s3:DeleteObject",
          "s3:DeleteObjectVersion",
          "s3:PutBucketVersioning",
          "s3:PutLifecycleConfiguration",
        ]
        Resource = [
          "arn:${var.partition}:s3:::${var.store_bucket}",
          "arn:${var.partition}:s3:::${var.store_bucket}/*",
        ]
      },
    ]
  }
}
