package ledger

import (
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/kube"
)

func TestRefuse(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		name    string
		age     time.Duration
		holder  string
		refused bool
	}{
		{"somebody else's, fresh", time.Second, "other", true},
		{"somebody else's, one renewal late", 20 * time.Second, "other", true},
		{"somebody else's, abandoned", 61 * time.Second, "other", false},
		{"from a clock that is ahead", -30 * time.Second, "other", true},
		{"our own", time.Second, "me", false},
		{"a run known to be over, fresh", time.Second, "run that is over", false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			lease := newLease(Claim{Holder: test.holder}, metav1.NewMicroTime(now.Add(-test.age)))
			if err := refuse("west", lease, Claim{Holder: "me", over: "run that is over"}, now); (err != nil) != test.refused {
				t.Errorf("want refused %v, got %v", test.refused, err)
			}
		})
	}
}

// What a lease says of itself is by its holder's clock, which may be hours off.
func TestRefuseGoesByTheServersClock(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		name          string
		says, written time.Duration // ago
		refused       bool
	}{
		{"its clock is behind", 2 * time.Hour, 5 * time.Second, true},
		{"its clock is ahead, and it is abandoned", -2 * time.Hour, 2 * time.Minute, false},
	} {
		lease := newLease(Claim{Holder: "other"}, metav1.NewMicroTime(now.Add(-test.says)))
		written := metav1.NewTime(now.Add(-test.written))
		lease.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: kube.FieldManager, Time: &written}}
		if err := refuse("west", lease, Claim{Holder: "me"}, now); (err != nil) != test.refused {
			t.Errorf("%s: want refused %v, got %v", test.name, test.refused, err)
		}
	}
}

func TestRunIDIsALabelValueAndSorts(t *testing.T) {
	early, late := NewRunID(time.Unix(0, 0)), NewRunID(time.Unix(1, 0))
	if !(early < late) {
		t.Errorf("want %s before %s", early, late)
	}
	if len(early) != len("20060102-150405-abcdef") {
		t.Errorf("unexpected form: %s", early)
	}
}
