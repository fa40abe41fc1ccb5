// Package tfstate has what ecspresso calls of tfstate-lookup, and reads nothing.
package tfstate

import (
	"context"
	"errors"
	"text/template"

	"github.com/google/go-jsonnet"
)

// TFState is always empty.
type TFState struct{}

// ReadURL refuses.
func ReadURL(context.Context, string) (*TFState, error) {
	return nil, errors.New("this ecspresso was built without the tfstate plugin")
}

// Empty has nothing.
func Empty() *TFState { return &TFState{} }

// FuncMap has nothing.
func (*TFState) FuncMap(context.Context) template.FuncMap { return nil }

// JsonnetNativeFuncs has nothing.
func (*TFState) JsonnetNativeFuncs(context.Context) []*jsonnet.NativeFunction { return nil }
