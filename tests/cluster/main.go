// Command clusterkit is the server side of a Kubernetes cluster in one
// executable: etcd, the API server, the controller manager, the scheduler and
// kwok, which plays the kubelet. The name it is called by says which.
//
// One executable means one compilation, one download and one copy of the code
// in memory, however many clusters the tests start.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	"sigs.k8s.io/kwok/pkg/config"
	kwok "sigs.k8s.io/kwok/pkg/kwok/cmd"
	"sigs.k8s.io/kwok/pkg/log"
)

var programs = map[string]func() int{
	"etcd":                    runEtcd,
	"kube-apiserver":          func() int { return cli.Run(apiserver.NewAPIServerCommand()) },
	"kube-controller-manager": func() int { return cli.Run(manager.NewControllerManagerCommand()) },
	"kube-scheduler":          func() int { return cli.Run(scheduler.NewSchedulerCommand()) },
	"kwok":                    runKwok,
}

func main() {
	name := filepath.Base(os.Args[0])
	run, known := programs[name]
	if !known && len(os.Args) > 1 {
		name = os.Args[1]
		run, known = programs[name]
		os.Args = os.Args[1:]
	}
	if !known {
		fmt.Fprintln(os.Stderr, "usage: clusterkit etcd|kube-apiserver|"+
			"kube-controller-manager|kube-scheduler|kwok [option...]")
		os.Exit(2)
	}
	os.Exit(run())
}

func runEtcd() int {
	etcdmain.Main(os.Args)
	return 0
}

func runKwok() int {
	// kwok reads its configuration file before it parses the command line, so
	// the options that concern only that reading are parsed here on their own.
	early := pflag.NewFlagSet("early", pflag.ContinueOnError)
	early.ParseErrorsAllowlist.UnknownFlags = true
	early.Usage = func() {}

	ctx, _ := log.InitFlags(context.Background(), early)
	ctx, err := config.InitFlags(ctx, early)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		return 1
	}

	command := kwok.NewCommand(ctx)
	// Kubernetes' own --version has taken the name and is not a boolean.
	command.Version = ""
	command.PersistentFlags().AddFlagSet(early)
	if err := command.ExecuteContext(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "kwok:", err)
		return 1
	}
	return 0
}
