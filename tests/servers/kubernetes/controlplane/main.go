// Command controlplane carries the components of a real Kubernetes control plane in one program.
//
//	controlplane COMPONENT [flags of that component]
//
// Each component is a process of its own, so that a test can kill one of them. Components are
// kube-apiserver, kube-controller-manager, kube-scheduler and kwok, each with upstream's own
// flags; etcd, pki and stages are described where they are defined.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	_ "time/tzdata" // bare machines have no time zones, and CronJobs name them

	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// endsWithParent names the variable that binds a component's life to that of who started it.
const endsWithParent = "CONTROLPLANE_ENDS_WITH_PARENT"

var components = map[string]func() int{
	"etcd":   reporting(serveEtcd),
	"kwok":   reporting(fakeNodes),
	"pki":    reporting(makeKeys),
	"stages": reporting(printStages),

	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(controllers.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
}

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	run, known := components[name]
	if !known {
		fmt.Fprintf(os.Stderr, "usage: controlplane COMPONENT [flags]; components: %s\n", strings.Join(names(), ", "))
		os.Exit(2)
	}
	os.Args = os.Args[1:] // a component reads its flags behind its own name
	if os.Getenv(endsWithParent) != "" {
		go endWith(os.Getppid())
	}
	os.Exit(run())
}

func names() []string {
	found := make([]string, 0, len(components))
	for name := range components {
		found = append(found, name)
	}
	slices.Sort(found)
	return found
}

// reporting makes an exit code of an error, and says what it was.
func reporting(run func() error) func() int {
	return func() int {
		if err := run(); err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
			return 1
		}
		return 0
	}
}

// endWith ends this process soon after its parent, so that a killed test run leaves nothing behind.
func endWith(parent int) {
	for range time.Tick(300 * time.Millisecond) {
		if os.Getppid() != parent {
			os.Exit(1)
		}
	}
}
