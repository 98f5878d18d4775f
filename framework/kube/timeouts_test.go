package kube

import (
	"reflect"
	"testing"
	"time"
)

func TestEveryWaitHasABound(t *testing.T) {
	for name, bounds := range map[string]Bounds{"default": DefaultBounds(), "local": LocalBounds()} {
		value := reflect.ValueOf(bounds)
		for i := range value.NumField() {
			if bound := time.Duration(value.Field(i).Int()); bound <= 0 {
				t.Errorf("%s bounds: %s is %s", name, value.Type().Field(i).Name, bound)
			}
		}
	}
}
