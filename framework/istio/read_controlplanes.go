package istio

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/eastwest-mesh/eastwest/framework/istio/names"
)

// controlPlanes reads istiod's pods, and then what belongs to the revisions that they have.
func (r *reader) controlPlanes(ctx context.Context) {
	pods, err := r.pods(ctx, names.System, names.IstiodSelector)
	if err != nil {
		why := unknown("istiod's pods", err)
		r.out.Istiods, r.out.MeshConfigs, r.out.Injectors = NotRead[[]Istiod](why), NotRead[[]MeshConfig](why), NotRead[[]Injector](why)
		return
	}
	var revisions []string
	if r.out.Revision != "" {
		revisions = append(revisions, r.out.Revision)
	}
	if upgrade := r.opts.Asked.Upgrade; upgrade != nil {
		revisions = append(revisions, upgrade.To)
	}
	for _, pod := range pods {
		revisions = append(revisions, revisionOf(pod))
	}
	slices.Sort(revisions)
	revisions = slices.Compact(revisions)
	together(ctx,
		func(ctx context.Context) { r.out.Istiods = Read(r.istiods(ctx, pods)) },
		func(ctx context.Context) {
			if r.opts.parts != 0 {
				return // nobody needs it alone
			}
			configs, err := perRevision(ctx, r, names.MeshConfig, names.MeshKey, revisions, parseMeshConfig)
			r.out.MeshConfigs = sectionOf("mesh configuration", configs, err)
		},
		func(ctx context.Context) {
			if !r.wants(PartInjectors) {
				return
			}
			injectors, err := perRevision(ctx, r, names.Injector, names.ValuesKey, revisions, parseInjector)
			r.out.Injectors = sectionOf("the injectors' values", injectors, err)
		})
}

func revisionOf(pod Pod) string {
	return cmp.Or(pod.Labels[names.Revision], pod.Env[names.EnvRevision], names.DefaultRevision)
}

// istiods asks each ready pod what it knows. One that has ended meanwhile is left out.
func (r *reader) istiods(ctx context.Context, pods []Pod) []Istiod {
	all, ended := make([]Istiod, len(pods)), make([]bool, len(pods))
	eachOf(ctx, len(pods), func(ctx context.Context, i int) {
		istiod := Istiod{Pod: pods[i], Revision: revisionOf(pods[i]), Version: istiodVersion(pods[i].Image)}
		if istiod.Ready {
			var noRemotes, noNetworks error
			if r.wants(PartRemotes) {
				istiod.Remotes, noRemotes = debugPage(ctx, r, istiod, "remote clusters", names.Clusterz, parseClusterz)
			}
			if r.wants(PartNetworks) {
				istiod.Networks, noNetworks = debugPage(ctx, r, istiod, "networks", names.Networkz, parseNetworkz)
			}
			ended[i] = (noRemotes != nil || noNetworks != nil) && r.ended(ctx, istiod.Pod)
		}
		all[i] = istiod
	})
	var lasting []Istiod
	for i, istiod := range all {
		if !ended[i] {
			lasting = append(lasting, istiod)
		}
	}
	return lasting
}

func debugPage[T any](ctx context.Context, r *reader, istiod Istiod, what, path string, parse func([]byte) (T, error)) (Section[T], error) {
	var value T
	document, err := istiodDebug(ctx, r.exec, istiod.Pod, path)
	if err == nil {
		value, err = parse(document)
	}
	return sectionOf(fmt.Sprintf("%s of %s (%s)", what, istiod.Name, path), value, err), err
}

// istiodVersion is the tag of an image, which is what Istio itself takes for its version,
// without the kind of image that may follow.
func istiodVersion(image string) string {
	version := imageTag(image)
	for _, kind := range []string{"-distroless", "-debug"} {
		version = strings.TrimSuffix(version, kind)
	}
	return version
}

// imageTag is the tag of an image, without the digest that may follow; empty for none.
func imageTag(image string) string {
	name, _, _ := strings.Cut(image[strings.LastIndex(image, "/")+1:], "@")
	_, tag, _ := strings.Cut(name, ":")
	return tag
}

// perRevision reads a ConfigMap that each revision has of its own. A revision without one
// has no entry: it may be a tag, or serve from elsewhere.
func perRevision[T any](ctx context.Context, r *reader, name, key string, revisions []string, parse func(revision string, created time.Time, text string) (T, error)) ([]T, error) {
	found, errs := make([]*T, len(revisions)), make([]error, len(revisions))
	eachOf(ctx, len(revisions), func(ctx context.Context, i int) {
		name := names.Suffixed(name, revisions[i])
		config, err := r.configMap(ctx, name)
		text := config.Data[key]
		if err != nil || text == "" {
			errs[i] = err
			return
		}
		value, err := parse(revisions[i], config.CreationTimestamp.UTC(), text)
		if err != nil {
			errs[i] = malformed(fmt.Sprintf("ConfigMap %s/%s: %v", names.System, name, err))
			return
		}
		found[i] = &value
	})
	var all []T
	for _, one := range found {
		if one != nil {
			all = append(all, *one)
		}
	}
	return all, errors.Join(errs...)
}

// configMap is a ConfigMap of the control planes; without data where there is none.
func (r *reader) configMap(ctx context.Context, name string) (*corev1.ConfigMap, error) {
	found, err := ask(ctx, r, "get configmaps in "+names.System, func(ctx context.Context) (*corev1.ConfigMap, error) {
		return r.client.Kubernetes.CoreV1().ConfigMaps(names.System).Get(ctx, name, metav1.GetOptions{})
	})
	if apierrors.IsNotFound(err) {
		return &corev1.ConfigMap{}, nil
	}
	if err != nil {
		return &corev1.ConfigMap{}, err
	}
	return found, nil
}

// roots reads what istiod tells the cluster to trust.
func (r *reader) roots(ctx context.Context) {
	var roots []Certificate
	published, err := r.configMap(ctx, names.RootConfigMap)
	if text := published.Data[names.RootKey]; err == nil && text != "" {
		if roots, err = parseCertificates([]byte(text)); err != nil {
			err = malformed(fmt.Sprintf("ConfigMap %s/%s: %v", names.System, names.RootConfigMap, err))
		}
	}
	r.out.Roots = sectionOf("root certificates of ConfigMap "+names.RootConfigMap, roots, err)
}

// caRoots reads the roots of the CA that istiod signs with, where somebody gave it one.
func (r *reader) caRoots(ctx context.Context) {
	var roots, signing []Certificate
	secret, err := ask(ctx, r, "get secrets in "+names.System, func(ctx context.Context) (*corev1.Secret, error) {
		return r.client.Kubernetes.CoreV1().Secrets(names.System).Get(ctx, names.CASecret, metav1.GetOptions{})
	})
	r.caKeys(secret, err)
	switch {
	case apierrors.IsNotFound(err):
		err = nil
	case err == nil:
		if roots, err = parseCertificates(rootOf(secret)); err == nil {
			signing, err = parseCertificates(signingOf(secret))
		}
		if err != nil {
			err = malformed(fmt.Sprintf("Secret %s/%s: %v", names.System, names.CASecret, err))
		}
	}
	r.out.CACertificates = sectionOf("certificates of Secret "+names.CASecret, signing, err)
	r.out.CARoots = sectionOf("root certificates of Secret "+names.CASecret, roots, err)
}

// caKeys notes what the Secret has, for an upgrade; of a key that is missing nothing can be parsed.
func (r *reader) caKeys(secret *corev1.Secret, err error) {
	if r.opts.Asked.Upgrade == nil {
		return
	}
	var keys []string
	switch {
	case apierrors.IsNotFound(err):
		err = nil
	case err == nil:
		keys = sorted(secret.Data)
	}
	r.out.CAKeys = sectionOf("the keys of Secret "+names.CASecret, keys, err)
}

// signingOf is the public part of what istiod's CA signs with.
func signingOf(secret *corev1.Secret) []byte {
	if certificate, ok := secret.Data[corev1.TLSCertKey]; ok {
		return certificate
	}
	return secret.Data[names.CACertificateKey]
}

// rootOf picks what istiod does: with the keys of a kubernetes.io/tls Secret, as cert-manager
// writes it, the root is ca.crt (pilot/pkg/bootstrap/istio_ca.go, detectSigningCABundle).
func rootOf(secret *corev1.Secret) []byte {
	if _, ok := secret.Data[corev1.TLSCertKey]; ok {
		return secret.Data[names.TLSRootKey]
	}
	return secret.Data[names.RootKey]
}
