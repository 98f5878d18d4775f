package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"path"
	"strconv"
	"strings"
	"time"
)

// value is what an expression of constants comes to.
type value struct {
	constant.Value
	duration bool // of time.Duration, in nanoseconds
}

// text is the value as Istio's own package env keeps it: pkg/env/var.go.
func (v value) text() string {
	switch v.Kind() {
	case constant.String:
		return constant.StringVal(v.Value)
	case constant.Float:
		f, _ := constant.Float64Val(v.Value)
		return strconv.FormatFloat(f, 'G', -1, 64)
	case constant.Int:
		n, _ := constant.Int64Val(v.Value)
		if v.duration {
			return time.Duration(n).String()
		}
		return strconv.FormatInt(n, 10)
	default:
		return v.String()
	}
}

// value computes an expression of literals, constants of Istio's packages, units of time,
// conversions, joined paths and operators. Anything else is an error.
func (s *source) value(f file, expr ast.Expr) (value, error) {
	switch e := expr.(type) {
	case *ast.BasicLit:
		return value{Value: constant.MakeFromLiteral(e.Value, e.Kind, 0)}, nil
	case *ast.ParenExpr:
		return s.value(f, e.X)
	case *ast.Ident:
		if e.Name == "true" || e.Name == "false" {
			return value{Value: constant.MakeBool(e.Name == "true")}, nil
		}
		return s.named(f.folder, e.Name)
	case *ast.SelectorExpr:
		return s.selected(f, e)
	case *ast.CallExpr:
		return s.called(f, e)
	case *ast.BinaryExpr:
		return s.binary(f, e)
	}
	return value{}, fmt.Errorf("an expression of type %T is no constant", expr)
}

// called computes the calls that defaults are made of: conversions and joined paths.
func (s *source) called(f file, call *ast.CallExpr) (value, error) {
	if fun, is := call.Fun.(*ast.SelectorExpr); is && fun.Sel.Name == "Join" {
		parts := make([]string, len(call.Args))
		for i, arg := range call.Args {
			part, err := s.value(f, arg)
			if err != nil {
				return value{}, err
			}
			parts[i] = part.text()
		}
		return value{Value: constant.MakeString(path.Join(parts...))}, nil
	}
	if len(call.Args) != 1 {
		return value{}, fmt.Errorf("%s: a call of %d arguments is no constant", s.set.Position(call.Pos()), len(call.Args))
	}
	return s.value(f, call.Args[0])
}

func (s *source) named(folder, name string) (value, error) {
	f, expr, err := s.declared(folder, name)
	if err != nil {
		return value{}, err
	}
	if expr == nil {
		return value{}, fmt.Errorf("%s declares no %s with a value", folder, name)
	}
	return s.value(f, expr)
}

// selected resolves what another package declares.
func (s *source) selected(f file, e *ast.SelectorExpr) (value, error) {
	from, is := e.X.(*ast.Ident)
	if !is {
		return value{}, fmt.Errorf("%s is selected of an expression", e.Sel.Name)
	}
	imported := f.imports[from.Name]
	if imported == "time" {
		unit, known := units()[e.Sel.Name]
		if !known {
			return value{}, fmt.Errorf("time.%s is no unit", e.Sel.Name)
		}
		return value{Value: constant.MakeInt64(int64(unit)), duration: true}, nil
	}
	folder, ours := strings.CutPrefix(imported, istioModule+"/")
	if !ours {
		return value{}, fmt.Errorf("%s.%s is not of Istio's module", from.Name, e.Sel.Name)
	}
	return s.named(folder, e.Sel.Name)
}

func units() map[string]time.Duration {
	return map[string]time.Duration{
		"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
		"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	}
}

func (s *source) binary(f file, e *ast.BinaryExpr) (value, error) {
	x, err := s.value(f, e.X)
	if err != nil {
		return value{}, err
	}
	y, err := s.value(f, e.Y)
	if err != nil {
		return value{}, err
	}
	op := e.Op
	if op == token.QUO && x.Kind() == constant.Int && y.Kind() == constant.Int {
		op = token.QUO_ASSIGN // how go/constant spells a division of integers
	}
	return value{Value: constant.BinaryOp(x.Value, op, y.Value), duration: x.duration || y.duration}, nil
}
