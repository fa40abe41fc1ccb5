module github.com/fujiwara/tfstate-lookup

go 1.25.0

require github.com/google/go-jsonnet v0.22.0
