//go:build apiserver

package kubetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// partsVariable names the folder with etcd, kube-apiserver and
// kube-controller-manager.
const partsVariable = "EASTWEST_PARTS_BIN"

// ControlPlane is a running control plane.
type ControlPlane struct {
	// Config is an administrator's connection.
	Config *rest.Config
	// Kubeconfig is the path of a file with the same.
	Kubeconfig string
}

// Start starts a control plane, which ends with the test. Tests with the tag
// "apiserver" need it: that its programs are missing is a failure, not a skip.
func Start(t testing.TB) *ControlPlane {
	t.Helper()
	bin := os.Getenv(partsVariable)
	if bin == "" {
		t.Fatalf("want %s: the folder with etcd, kube-apiserver and kube-controller-manager", partsVariable)
	}
	environment := &envtest.Environment{BinaryAssetsDirectory: bin}
	config, err := environment.Start()
	if err != nil {
		t.Fatalf("start etcd and the API server of %s: %v", bin, err)
	}
	t.Cleanup(func() {
		if err := environment.Stop(); err != nil {
			t.Errorf("stop the API server: %v", err)
		}
	})
	plane := &ControlPlane{Config: config, Kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	if err := os.WriteFile(plane.Kubeconfig, environment.KubeConfig, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := startControllers(t, bin, plane.Kubeconfig, environment); err != nil {
		t.Fatalf("start the controller manager: %v", err)
	}
	return plane
}

// startControllers starts the controllers that make tokens, collect garbage
// and empty namespaces that are deleted.
func startControllers(t testing.TB, bin, kubeconfig string, environment *envtest.Environment) error {
	key := filepath.Join(environment.ControlPlane.APIServer.CertDir, "sa-signer.key")
	var output bytes.Buffer
	command := exec.CommandContext(t.Context(), filepath.Join(bin, "kube-controller-manager"),
		"--kubeconfig="+kubeconfig, "--leader-elect=false", "--secure-port=0",
		"--use-service-account-credentials=false", "--service-account-private-key-file="+key,
		"--root-ca-file="+filepath.Join(environment.ControlPlane.APIServer.CertDir, "apiserver.crt"))
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		return err
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("the controller manager said:\n%s", tail(output.Bytes()))
		}
	})
	return nil
}

func tail(output []byte) []byte {
	const most = 1024
	if len(output) > most {
		return fmt.Appendf(nil, "...%s", output[len(output)-most:])
	}
	return output
}
