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
		ID: "EW0605", Severity: Error,
		Title:    "A root or CA certificate has ended, or ends soon",
		Question: "Are the root certificates, and those that istiod signs with, valid for 30 days more?",
		Why:      "With the end of a CA's certificate all that it signed is refused: no call between proxies works, and no proxy starts.",
		Source:   "https://istio.io/latest/docs/tasks/security/cert-management/plugin-ca-cert/",
		Explains: []string{"EW0201", "EW0308", "EW0606", "EW08"},
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

// soon is when a certificate's end is worth a warning: renewing a CA takes a restart of
// everything.
const soon = 30 * 24 * time.Hour

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
		if last.NotAfter.Sub(l.Taken) > soon {
			return
		}
	}
	l.Find(Finding{
		Severity: severity, Cluster: c.Name, Pairs: l.around(c),
		Found: fmt.Sprintf("%s of %s (%s) %s on %s", what, c.Name, fingerprints([]istio.Certificate{last}), verb, last.NotAfter.UTC().Format(time.RFC3339)),
		Want:  "a certificate that is valid for 30 days at least",
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
