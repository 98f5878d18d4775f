package kube

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// ServerTime asks the API server for its own clock, to the second: the one that its
// objects' times are by. It needs no right.
func (c *Client) ServerTime(ctx context.Context) (time.Time, error) {
	fail := func(err error) (time.Time, error) {
		return time.Time{}, fmt.Errorf("ask the API server of cluster %q for its time: %w", c.Name, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.REST.Host, "/")+"/version", nil)
	if err != nil {
		return fail(err)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fail(err)
	}
	defer response.Body.Close()
	// Every answer has the date, a refusal too.
	at, err := http.ParseTime(response.Header.Get("Date"))
	if err != nil {
		return fail(err)
	}
	return at.UTC(), nil
}
