package upgrade

import (
	"github.com/eastwest-mesh/eastwest/framework/istio"
)

// Changed says what of a fleet is different from an earlier look for the same move, of all that
// a verdict rests on. What changes by itself, such as the names of pods, is left out.
func Changed(before, now *istio.Snapshot) ([]istio.Change, error) {
	was, is := before.Asked.Upgrade, now.Asked.Upgrade
	if was == nil {
		return nil, wrong("the earlier file was not written by \"eastwest upgrade check --save\"")
	}
	if was.To != is.To || was.From != is.From {
		return nil, wrong("the earlier file is about %s -> %s, and this is %s -> %s", was.From, was.To, is.From, is.To)
	}
	return istio.Diff(before, now), nil
}
