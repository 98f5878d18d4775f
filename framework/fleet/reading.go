package fleet

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// IstiodVersion is the tag of an istiod's image, which is what Istio itself
// takes for its version, without the digest that may follow; "" for none.
func IstiodVersion(istiod *corev1.Pod) string {
	if len(istiod.Spec.Containers) == 0 {
		return ""
	}
	return ImageTag(istiod.Spec.Containers[0].Image)
}

// ImageTag is the tag of an image, "" for none.
func ImageTag(image string) string {
	name, _, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], "@")
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// Fingerprints are the SHA-256 of the certificates of a PEM bundle, in hex,
// ordered, each once. A bundle without any is an error.
func Fingerprints(bundle string) ([]string, error) {
	var prints []string
	for rest := []byte(bundle); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("a certificate cannot be read: %w", err)
		}
		sum := sha256.Sum256(block.Bytes)
		prints = append(prints, hex.EncodeToString(sum[:]))
	}
	if len(prints) == 0 {
		return nil, errors.New("there is no certificate")
	}
	slices.Sort(prints)
	return slices.Compact(prints), nil
}

// NetworkGateway is one entry to a network as an istiod knows it: a line of its
// /debug/networkz, whose fields have no JSON names of their own (istio
// pilot/pkg/model/network.go). Host names are resolved there; one that does not
// resolve is missing.
type NetworkGateway struct {
	Network string
	Addr    string
	Port    uint32
}

// ParseNetworkz reads istiod's /debug/networkz.
func ParseNetworkz(document []byte) ([]NetworkGateway, error) {
	var gateways []NetworkGateway
	if err := json.Unmarshal(document, &gateways); err != nil {
		return nil, fmt.Errorf("read /debug/networkz: want a JSON list of gateways: %w", err)
	}
	return gateways, nil
}
