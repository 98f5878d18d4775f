package mesh

import (
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

func parseCertificate(t *testing.T, encoded []byte) *x509.Certificate {
	t.Helper()
	block, _ := pem.Decode(encoded)
	if block == nil {
		t.Fatal("no PEM block")
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}

func caSecret(t *testing.T, root *Root, cluster string) *corev1.Secret {
	t.Helper()
	secret, err := root.CASecret(cluster, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

// verifies is whether a certificate that one secret's CA signs is trusted by
// whoever has only the other secret's root.
func verifies(t *testing.T, signer, verifier *corev1.Secret) error {
	t.Helper()
	pair, err := tls.X509KeyPair(signer.Data["ca-cert.pem"], signer.Data["ca-key.pem"])
	if err != nil {
		t.Fatalf("the CA's key does not fit its certificate: %v", err)
	}
	key, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	template, err := caTemplate("workload", time.Now())
	if err != nil {
		t.Fatal(err)
	}
	template.IsCA, template.KeyUsage = false, x509.KeyUsageDigitalSignature
	leaf, _, err := sign(template, parseCertificate(t, signer.Data["ca-cert.pem"]), &key.PublicKey, pair.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	roots, intermediates := x509.NewCertPool(), x509.NewCertPool()
	roots.AppendCertsFromPEM(verifier.Data["root-cert.pem"])
	intermediates.AppendCertsFromPEM(signer.Data["cert-chain.pem"])
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: intermediates, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	return err
}

func TestClustersOfOneRootTrustEachOther(t *testing.T) {
	root, err := NewRoot(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	west, east := caSecret(t, root, "west"), caSecret(t, root, "east")
	if err := verifies(t, west, east); err != nil {
		t.Errorf("a workload of west at east: %v", err)
	}
	other, err := NewRoot(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := verifies(t, west, caSecret(t, other, "east")); err == nil {
		t.Error("a workload of another root is trusted")
	}
}

func TestIntermediates(t *testing.T) {
	root, err := NewRoot(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	west, east := caSecret(t, root, "west"), caSecret(t, root, "east")
	certificate := parseCertificate(t, west.Data["ca-cert.pem"])
	if !certificate.IsCA || certificate.MaxPathLen != 0 || !certificate.MaxPathLenZero {
		t.Error("want a CA that signs no CAs")
	}
	if string(west.Data["ca-key.pem"]) == string(east.Data["ca-key.pem"]) {
		t.Error("two clusters have one key")
	}
	if string(west.Data["root-cert.pem"]) != string(east.Data["root-cert.pem"]) {
		t.Error("two clusters of one root have different roots")
	}
}
