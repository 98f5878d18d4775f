package mesh

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/eastwest-mesh/eastwest/framework/fleet"
	"github.com/eastwest-mesh/eastwest/framework/istio/names"
	"github.com/eastwest-mesh/eastwest/framework/kube"
	"github.com/eastwest-mesh/eastwest/framework/plan"
)

// A root lives as long as a lab may be kept up, and starts a little early, for
// nodes whose clock is behind.
const (
	caLifetime  = 90 * 24 * time.Hour
	caBackdated = 5 * time.Minute
)

// Root is a root CA that lives in memory only: the clusters get intermediates
// of it, and nobody can make another one after the run.
type Root struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	pem         []byte
}

// NewRoot makes a root CA.
func NewRoot(now time.Time) (*Root, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template, err := caTemplate("Root CA", now)
	if err != nil {
		return nil, err
	}
	certificate, encoded, err := sign(template, template, &key.PublicKey, key)
	if err != nil {
		return nil, fmt.Errorf("make a root CA: %w", err)
	}
	return &Root{certificate: certificate, key: key, pem: encoded}, nil
}

// CASecret makes an intermediate CA for a cluster and returns it as the Secret
// in which istiod looks for it, with the keys that Istio's documentation on
// plugged-in CA certificates names.
func (r *Root) CASecret(cluster string, now time.Time) (*corev1.Secret, error) {
	key, err := newKey()
	if err != nil {
		return nil, err
	}
	template, err := caTemplate("Intermediate CA of "+cluster, now)
	if err != nil {
		return nil, err
	}
	template.MaxPathLenZero = true // it signs workloads, not CAs
	_, certificate, err := sign(template, r.certificate, &key.PublicKey, r.key)
	if err != nil {
		return nil, fmt.Errorf("make the CA of cluster %q: %w", cluster, err)
	}
	// istiod accepts EC keys in SEC 1 form and reads the algorithm from it.
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("make the CA of cluster %q: %w", cluster, err)
	}
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: names.System, Name: names.CASecret},
		Data: map[string][]byte{
			names.CACertificateKey: certificate,
			"ca-key.pem":           pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}),
			names.RootKey:          r.pem,
			"cert-chain.pem":       append(append([]byte(nil), certificate...), r.pem...),
		},
	}, nil
}

func newKey() (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	return key, nil
}

func caTemplate(name string, now time.Time) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, fmt.Errorf("make a serial number: %w", err)
	}
	return &x509.Certificate{
		SerialNumber:          serial,
		Subject:               pkix.Name{Organization: []string{"eastwest"}, CommonName: name},
		NotBefore:             now.Add(-caBackdated),
		NotAfter:              now.Add(caLifetime),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign | x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		IsCA:                  true,
	}, nil
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) (*x509.Certificate, []byte, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		return nil, nil, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, nil, err
	}
	return certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), nil
}

// ca returns the actions of the CA step. The root is made when the first
// cluster asks for it, so that the plan itself holds no key.
func (b *builder) ca() func(fleet.ClusterSpec) []plan.Action {
	root := sync.OnceValues(func() (*Root, error) { return NewRoot(time.Now()) })
	return func(cluster fleet.ClusterSpec) []plan.Action {
		return []plan.Action{plan.Make{
			Title: "make the cluster's CA",
			Shell: caShell(cluster.Name),
			Objects: func(ctx context.Context, site *plan.Site) ([]*unstructured.Unstructured, error) {
				if found, err := b.existingCA(ctx, site); found || err != nil {
					return nil, err
				}
				made, err := root()
				if err != nil {
					return nil, err
				}
				secret, err := made.CASecret(cluster.Name, time.Now())
				if err != nil {
					return nil, err
				}
				converted, err := kube.Convert(secret)
				return []*unstructured.Unstructured{converted}, err
			},
		}}
	}
}

// caShell makes the same by hand: the root once, then an intermediate, each
// only where it is not there yet, so that a second run changes no CA.
func caShell(cluster string) string {
	return fmt.Sprintf(`(
umask 077
mkdir -p "%[3]s/%[1]s"
cd "%[3]s"
[ -f root-cert.pem ] || openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 \
  -subj "/O=eastwest/CN=Root CA" -addext basicConstraints=critical,CA:TRUE \
  -keyout root-key.pem -out root-cert.pem
cd "%[1]s"
[ -f ca-key.pem ] || openssl ecparam -name prime256v1 -genkey -noout -out ca-key.pem
[ -f ca-cert.pem ] || openssl req -x509 -new -key ca-key.pem -CA ../root-cert.pem -CAkey ../root-key.pem -days 90 \
  -subj "/O=eastwest/CN=Intermediate CA of %[1]s" -addext basicConstraints=critical,CA:TRUE,pathlen:0 \
  -addext keyUsage=critical,keyCertSign,cRLSign,digitalSignature -out ca-cert.pem
cat ca-cert.pem ../root-cert.pem > cert-chain.pem
)
%[2]s |
  %[4]s`, cluster, kubectlHere("--namespace="+names.System, "create secret generic "+names.CASecret,
		"--dry-run=client --output=yaml", fromFile(names.RootKey), fromFile(cluster+"/ca-key.pem"),
		fromFile(cluster+"/ca-cert.pem"), fromFile(cluster+"/cert-chain.pem")),
		plan.Use(caDirVariable), kubectlHere("apply -f -"))
}

func fromFile(file string) string {
	return `--from-file="` + plan.Use(caDirVariable) + "/" + file + `"`
}
