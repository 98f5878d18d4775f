package redact

import (
	"encoding/base64"
	"strings"
	"testing"
)

const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJrdWJlcm5ldGVzIn0.c2lnbmF0dXJl-_x"

func TestText(t *testing.T) {
	encodedKey := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("a key is Secret;", 5)))
	tests := []struct{ name, text, want string }{
		{"nothing secret", "secret/istio-remote-secret-west created", "secret/istio-remote-secret-west created"},
		{"a path", "open /home/somebody/with/a/very/long/path/to/the/folder/of/kubeconfigs: no such file", "open /home/somebody/with/a/very/long/path/to/the/folder/of/kubeconfigs: no such file"},
		{"a digest", "sha256:" + strings.Repeat("0a", 32), "sha256:" + strings.Repeat("0a", 32)},
		{"a token", "used " + jwt + " for it", "used [redacted] for it"},
		{"a header", "Authorization: Bearer abc.def~1", "Authorization: Bearer [redacted]"},
		{"basic credentials", "Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"},
		{"a kubeconfig", "    token: hunter2\n    client-key-data: aGk=\n    server: https://x", "    token: [redacted]\n    client-key-data: [redacted]\n    server: https://x"},
		{"JSON", `{"token":"hunter 2","id_token": "x","name":"west"}`, `{"token":[redacted],"id_token": [redacted],"name":"west"}`},
		{"flags", "--token=hunter2 --password hunter3 --client-secret='a b'", "--token=[redacted] --password [redacted] --client-secret=[redacted]"},
		{"a flag with a space and quotes", `login --api-key "hunter 4" -p x --db-password 'a b' --token --verbose`, `login --api-key [redacted] -p x --db-password [redacted] --token --verbose`},
		{"a key", "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----\nthen", "[redacted]\nthen"},
		{"the beginning of a key", "key:\n-----BEGIN PRIVATE KEY-----\nMHcC", "key:\n[redacted]"},
		{"the end of a certificate", "MHcC\n-----END CERTIFICATE-----\nthen", "[redacted]\nthen"},
		{"base64", "data " + encodedKey + " end", "data [redacted] end"},
		{"a URL with a password", "https://me:hunter2@example.org/", "https://[redacted]@example.org/"},
		{"Google's token", "ya29.a0AfB_x-1", "[redacted]"},
		{"Amazon's key", "AKIAABCDEFGHIJKLMNOP denied", "[redacted] denied"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := Text(test.text); got != test.want {
				t.Errorf("want %q, got %q", test.want, got)
			}
		})
	}
}

func TestLastRedactsBeforeItCuts(t *testing.T) {
	key := "-----BEGIN PRIVATE KEY-----\n" + strings.Repeat("MHcCAQEE\n", 20) + "-----END PRIVATE KEY-----\nfailed"
	if got := Last(key, 60); got != "[redacted]\nfailed" {
		t.Errorf("got %q", got)
	}
	if got := Last("abcdef", 3); got != "...def" {
		t.Errorf("got %q", got)
	}
}

// FuzzText: whatever stands around a secret, it does not come through, and
// redacting twice is redacting once.
func FuzzText(f *testing.F) {
	f.Add("istioctl said: ", "\nand more")
	f.Add("token: '", "'")
	f.Add("-----BEGIN ", "-----END X-----")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, secret := range []string{jwt, "-----BEGIN PRIVATE KEY-----\nhunter2hunter2\n-----END PRIVATE KEY-----", "token: hunter2hunter2"} {
			got := Text(before + "\n" + secret + "\n" + after)
			if strings.Contains(got, "hunter2hunter2") && !strings.Contains(before+after, "hunter2hunter2") || strings.Contains(got, "eyJpc3MiOiJrdWJlcm5ldGVzIn0") {
				t.Errorf("a secret comes through: %q", got)
			}
			if again := Text(got); again != got {
				t.Errorf("twice differs from once: %q, %q", got, again)
			}
		}
	})
}
