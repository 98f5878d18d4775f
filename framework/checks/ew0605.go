package checks

import (
	"fmt"
	"slices"
	"time"

	"github.com/eastwest-mesh/eastwest/framework/istio"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

func ew0605() Check {
	return Check{
		ID: "EW0605", Severity: Error, Firm: true,
		Title:    "A root or CA certificate has ended, or ends soon",
		Question: "Are the root certificates, and those that istiod signs with, valid for some time to come?",
		Why:      "With the end of a CA's certificate all that it signed is refused: no call between proxies works, and no proxy starts.",
		Source:   "https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/",
		Explains: []string{"EW0308", "EW0606", "EW08"},
		Judge: func(l *Look) {
			l.each(func(c *istio.Cluster) {
				published, ok := Need(l, c, c.Roots)
				if ok {
					l.ending(c, "the root certificate that istiod publishes", published, showRoot(c))
				}
				signing, ok := Need(l, c, c.CACertificates)
				if secret, known := Need(l, c, c.CARoots); ok && known && len(signing) > 0 && intersects(secret, published) && signsItself(l, c) {
					l.ending(c, fmt.Sprintf("the CA certificate in the Secret %s/%s", names.System, names.CASecret), signing, showCA(c))
				}
			})
		},
	}
}

// soon is how long before its end a certificate is worth a warning: renewing a CA may take
// a restart of everything. One that is short-lived is renewed by a program: cert-manager
// does it when a third of the time is left (https://cert-manager.io/docs/usage/certificate/).
func soon(certificate istio.Certificate) time.Duration {
	const most, part = 30 * 24 * time.Hour, 4
	if certificate.NotBefore.IsZero() {
		return most
	}
	return min(most, certificate.NotAfter.Sub(certificate.NotBefore)/part)
}

// ending reports the end of what lasts longest among certificates: in a bundle a root that
// has ended may be left over beside the one that counts.
func (l *Look) ending(c *istio.Cluster, what string, certificates []istio.Certificate, show string) {
	certificates = slices.DeleteFunc(slices.Clone(certificates), func(certificate istio.Certificate) bool { return certificate.NotAfter.IsZero() })
	if len(certificates) == 0 {
		return
	}
	last := slices.MaxFunc(certificates, func(a, b istio.Certificate) int { return a.NotAfter.Compare(b.NotAfter) })
	severity, verb := Error, "ended"
	if !l.ended(c, last) {
		severity, verb = Warning, "ends"
		if last.NotAfter.Sub(l.Taken) > soon(last) {
			return
		}
	}
	l.Find(Finding{
		Severity: severity, Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("on %s %s (%s) %s on %s", c.Name, what, fingerprints([]istio.Certificate{last}), verb, last.NotAfter.UTC().Format(time.RFC3339)),
		Want:  "a certificate that is renewed well before its end: 30 days, or a quarter of its time",
		Fix: Fix{
			Text:     "renew the CA's certificate, under the root that all clusters trust. Where the root itself changes, trust both on all clusters first; restart istiod, then gateways and workloads. What is there now:",
			Commands: []string{show},
		},
	})
}

// ended is true for a certificate that has ended both by our clock and by the cluster's.
func (l *Look) ended(c *istio.Cluster, certificate istio.Certificate) bool {
	return !certificate.NotAfter.IsZero() && certificate.NotAfter.Before(l.Taken) && certificate.NotAfter.Before(clock(l, c))
}

// showCA prints the certificate that istiod signs with, under either of its keys, and not
// the key of the CA.
func showCA(c *istio.Cluster) string {
	return kubectl(c, "get secret --namespace="+names.System, names.CASecret, `--output='jsonpath={.data.ca-cert\.pem}{.data.tls\.crt}'`) +
		" | base64 --decode | openssl x509 -noout -subject -issuer -fingerprint -sha256 -dates"
}
