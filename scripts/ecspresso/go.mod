// ecspresso as it is published, less its reader of Terraform states, whose clients of three clouds are most of a build of
// five minutes. Copied before it is built: Go adds the indirect modules and their sums.
module ecspresso

go 1.25.0

require github.com/kayac/ecspresso/v2 v2.8.5

replace github.com/fujiwara/tfstate-lookup => ./no-tfstate
