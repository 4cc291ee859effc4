// Command argocdkit is the part of Argo CD that the tests talk to, in one
// executable: its application controller, its repo server, and a Redis for them
// to cache in. The name that it is called by says which.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alicebob/miniredis/v2"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/util/log"
)

var programs = map[string]func() *cobra.Command{
	"argocd-application-controller": controller.NewCommand,
	"argocd-repo-server":            reposerver.NewCommand,
	"redis":                         newRedis,
}

func main() {
	make, known := programs[filepath.Base(os.Args[0])]
	if !known {
		fmt.Fprintln(os.Stderr, "to be called argocd-application-controller, "+
			"argocd-repo-server or redis")
		os.Exit(2)
	}
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
	if err := make().Execute(); err != nil {
		os.Exit(1)
	}
}

// A Redis on a port that the kernel chooses, which it prints.
func newRedis() *cobra.Command {
	return &cobra.Command{RunE: func(*cobra.Command, []string) error {
		redis := miniredis.NewMiniRedis()
		if err := redis.StartAddr("127.0.0.1:0"); err != nil {
			return err
		}
		fmt.Println(redis.Addr())
		end := make(chan os.Signal, 1)
		signal.Notify(end, syscall.SIGTERM, syscall.SIGINT)
		<-end
		return nil
	}}
}
