package bootstrap

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Args is the command line (istio, pkg/envoy/proxy.go; Envoy's own options).
type Args struct {
	ConfigPath string
	ConfigYAML string // JSON or YAML that is merged over the file
	LogLevel   string
	DrainTime  time.Duration
	Version    bool
}

// defaultDrainTime is Envoy's --drain-time-s.
const defaultDrainTime = 600 * time.Second

// withValue are the options that take a value and change nothing here.
var withValue = map[string]bool{
	"drain-strategy": true, "local-address-ip-version": true, "file-flush-interval-msec": true, "file-flush-min-size-kb": true,
	"component-log-level": true, "concurrency": true, "parent-shutdown-time-s": true, "restart-epoch": true, "base-id": true,
	"log-format": true, "log-path": true, "service-cluster": true, "service-node": true, "service-zone": true, "mode": true,
	"max-obj-name-len": true, "cpuset-threads": true, "admin-address-path": true, "socket-path": true, "socket-mode": true,
}

// alone are the options without a value that change nothing here.
var alone = map[string]bool{
	"disable-hot-restart": true, "allow-unknown-static-fields": true, "reject-unknown-dynamic-fields": true,
	"ignore-unknown-dynamic-fields": true, "skip-deprecated-logs": true, "enable-core-dump": true, "allow-unknown-fields": true,
	"enable-fine-grain-logging": true, "log-format-escaped": true, "use-dynamic-base-id": true,
}

// ParseArgs reads a command line without the program's name.
func ParseArgs(argv []string) (Args, error) {
	out := Args{LogLevel: "info", DrainTime: defaultDrainTime}
	for len(argv) > 0 {
		word := argv[0]
		argv = argv[1:]
		if !strings.HasPrefix(word, "-") {
			return out, fmt.Errorf("argument %q: want an option", word)
		}
		name, value, inline := strings.Cut(strings.TrimLeft(word, "-"), "=")
		if name == "version" {
			out.Version = true
			continue
		}
		if alone[name] {
			continue
		}
		if !inline {
			if len(argv) == 0 {
				return out, fmt.Errorf("option %s: want a value", word)
			}
			value, argv = argv[0], argv[1:]
		}
		if err := out.set(name, value); err != nil {
			return out, fmt.Errorf("option %s: %w", word, err)
		}
	}
	if out.ConfigPath == "" && out.ConfigYAML == "" && !out.Version {
		return out, errors.New("option -c: want the path of a bootstrap file")
	}
	return out, nil
}

func (a *Args) set(name, value string) error {
	switch name {
	case "c", "config-path":
		a.ConfigPath = value
	case "config-yaml":
		a.ConfigYAML = value
	case "l", "log-level":
		a.LogLevel = value
	case "drain-time-s":
		n, err := strconv.ParseUint(value, 10, 31)
		if err != nil {
			return err
		}
		a.DrainTime = time.Duration(n) * time.Second
	default:
		if !withValue[name] {
			return errors.New("unknown")
		}
	}
	return nil
}
