package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// newVersion prints what this binary was built from.
func newVersion(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print rulekit's version and those of the engines inside it",
		Example: "  rulekit version",
		GroupID: groupHelp,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			own, engines := "unknown", map[string]string{}
			if info, ok := debug.ReadBuildInfo(); ok {
				own = info.Main.Version
				for _, m := range info.Deps {
					engines[m.Path] = m.Version
				}
			}
			_, err := fmt.Fprintf(env.stdout, "rulekit       %s (%s, %s/%s)\nprometheus    %s\nalertmanager  %s\n",
				own, runtime.Version(), runtime.GOOS, runtime.GOARCH,
				engines["github.com/prometheus/prometheus"], engines["github.com/prometheus/alertmanager"])
			return err
		},
	}
}
