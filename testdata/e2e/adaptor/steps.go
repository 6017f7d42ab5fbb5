package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strconv"
	"syscall"
	"time"
)

// repeatingAlert is the name of the alert that goes on until Alertmanager repeats it.
const repeatingAlert = "BatteryLow"

// repeatInterval is that of Alertmanager's configuration.
const repeatInterval = 10 * time.Minute

func (r *run) beginRepeating(ctx context.Context) error {
	if err := r.alertmanager.fire(ctx, alert{repeatingAlert, "ups", "info", "ups-0"}); err != nil {
		return err
	}
	if err := r.told(ctx, 1, repeatingAlert); err != nil {
		return err
	}
	r.repeated = r.saying(repeatingAlert)[0].At
	return nil
}

func (r *run) awaitRepeat(ctx context.Context) error {
	ctx, cancel := context.WithDeadline(ctx, r.repeated.Add(repeatInterval+patience))
	defer cancel()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for len(r.saying(repeatingAlert)) < 2 {
		select {
		case <-ctx.Done():
			return errors.New("it was not told again")
		case <-ticker.C:
		}
	}
	after := r.saying(repeatingAlert)[1].At.Sub(r.repeated)
	r.say("  told again after %s", after.Round(time.Second))
	if after < repeatInterval-time.Second {
		return errors.New("that is too early")
	}
	return r.told(ctx, 2, repeatingAlert)
}

func (r *run) fireAndResolve(ctx context.Context) error {
	disk := alert{"DiskFull", "one", "critical", "disk-0"}
	if err := r.alertmanager.fire(ctx, disk); err != nil {
		return err
	}
	if err := r.told(ctx, 1, "[FIRING:1] DiskFull (critical)", "disk-0"); err != nil {
		return err
	}
	if err := r.alertmanager.resolve(ctx, disk); err != nil {
		return err
	}
	return errors.Join(r.told(ctx, 1, "[RESOLVED:1] DiskFull (critical)", "disk-0"), r.told(ctx, 2, "DiskFull"))
}

func (r *run) group(ctx context.Context) error {
	var pods []alert
	for i := range 3 {
		pods = append(pods, alert{"PodRestarts", "two", "warning", fmt.Sprint("restarts-", i)})
	}
	if err := r.alertmanager.fire(ctx, pods...); err != nil {
		return err
	}
	if err := r.told(ctx, 1, "[FIRING:3] PodRestarts", "restarts-0", "restarts-1", "restarts-2"); err != nil {
		return err
	}
	if err := r.alertmanager.resolve(ctx, pods[1]); err != nil {
		return err
	}
	return errors.Join(r.told(ctx, 1, "[FIRING:2 RESOLVED:1] PodRestarts", "restarts-1"), r.told(ctx, 2, "PodRestarts"))
}

func (r *run) inhibit(ctx context.Context) error {
	node, here, elsewhere := alert{"NodeDown", "three", "critical", "node-0"}, alert{"PodDown", "three", "warning", "pod-here"}, alert{"PodDown", "four", "warning", "pod-elsewhere"}
	if err := r.alertmanager.fire(ctx, node); err != nil {
		return err
	}
	if err := r.told(ctx, 1, "NodeDown"); err != nil {
		return err
	}
	if err := r.alertmanager.fire(ctx, here, elsewhere); err != nil {
		return err
	}
	if err := r.told(ctx, 1, "PodDown", elsewhere.pod); err != nil {
		return err
	}
	if err := r.suppressed(ctx, here); err != nil {
		return err
	}
	if err := r.alertmanager.resolve(ctx, node); err != nil {
		return err
	}
	return r.told(ctx, 1, "PodDown", here.pod)
}

// suppressed proves that an alert is muted, and that nothing was told of it.
func (r *run) suppressed(ctx context.Context, one alert) error {
	muted, err := r.alertmanager.suppressed(ctx, one)
	if err != nil || !muted {
		return fmt.Errorf("alert %s is not suppressed in Alertmanager (%v)", one.pod, err)
	}
	return r.told(ctx, 0, one.pod)
}

func (r *run) silence(ctx context.Context) error {
	quiet, loud := alert{"TestRun", "five", "warning", "quiet-0"}, alert{"RealTrouble", "five", "warning", "loud-0"}
	id, err := r.alertmanager.silence(ctx, quiet.name)
	if err != nil {
		return err
	}
	if err := r.alertmanager.fire(ctx, quiet, loud); err != nil {
		return err
	}
	if err := r.told(ctx, 1, loud.pod); err != nil {
		return err
	}
	if err := r.suppressed(ctx, quiet); err != nil {
		return err
	}
	if err := r.alertmanager.ask(ctx, http.MethodDelete, "silence/"+id, nil, nil); err != nil {
		return err
	}
	return r.told(ctx, 1, quiet.pod)
}

func (r *run) kill(ctx context.Context) error {
	r.im.broken.Store(true)
	var waiting []alert
	for i := range 3 {
		waiting = append(waiting, alert{fmt.Sprint("Waits", i), "six", "error", fmt.Sprint("waits-", i)})
	}
	if err := r.alertmanager.fire(ctx, waiting...); err != nil {
		return err
	}
	err := r.until(ctx, "the adaptor has them and the messenger has refused one", func() (bool, error) {
		groups, err := metric(ctx, "http://"+r.adaptor.address, `rulekit_adaptor_queue_groups{receiver="im0"}`)
		return groups == len(waiting) && r.im.refused.Load() > 0, err
	})
	if err != nil {
		return err
	}
	r.adaptor.kill()
	r.im.broken.Store(false)
	if err := r.adaptor.start(ctx); err != nil {
		return err
	}
	for _, one := range waiting {
		if err := r.told(ctx, 1, one.pod); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) away(ctx context.Context) error {
	before, meanwhile := alert{"Before", "seven", "error", "before-0"}, alert{"Meanwhile", "seven", "error", "meanwhile-0"}
	if err := r.alertmanager.fire(ctx, before); err != nil {
		return err
	}
	if err := r.told(ctx, 1, before.pod); err != nil {
		return err
	}
	r.adaptor.kill()
	failed, err := r.alertmanager.failures(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(r.alertmanager.resolve(ctx, before), r.alertmanager.fire(ctx, meanwhile)); err != nil {
		return err
	}
	if err := r.failures(ctx, failed+4); err != nil {
		return err
	}
	if err := r.adaptor.start(ctx); err != nil {
		return err
	}
	return errors.Join(r.told(ctx, 1, "[RESOLVED:1]", before.pod), r.told(ctx, 1, "[FIRING:1]", meanwhile.pod))
}

// failures waits until Alertmanager has failed so often.
func (r *run) failures(ctx context.Context, want int) error {
	return r.until(ctx, "Alertmanager has tried again", func() (bool, error) {
		failed, err := r.alertmanager.failures(ctx)
		return failed >= want, err
	})
}

// fillDisk makes every write to the adaptor's files fail as on a full disk, and then every fsync
// as on a broken one, which strace can do to a process that runs.
func (r *run) fillDisk(ctx context.Context) error {
	for i, fault := range []string{"pwrite64:error=ENOSPC", "fsync,fdatasync:error=EIO"} {
		if err := r.spoilDisk(ctx, fault, alert{fmt.Sprint("NoRoom", i), "eight", "error", fmt.Sprint("no-room-", i)}); err != nil {
			return fmt.Errorf("%s: %w", fault, err)
		}
	}
	return nil
}

func (r *run) spoilDisk(ctx context.Context, fault string, one alert) error {
	failed, err := r.alertmanager.failures(ctx)
	if err != nil {
		return err
	}
	strace := exec.CommandContext(ctx, "strace", "-q", "-f", "-o", "/dev/null", "-e", "inject="+fault, "-p", strconv.Itoa(r.adaptor.command.Process.Pid))
	if err := strace.Start(); err != nil {
		return err
	}
	stop := func() { // strace detaches
		_ = strace.Process.Signal(syscall.SIGTERM)
		_ = strace.Wait()
	}
	err = r.until(ctx, "the adaptor finds out", func() (bool, error) {
		status, _, err := request(ctx, http.MethodGet, "http://"+r.adaptor.address+"/-/ready", nil)
		return status == http.StatusServiceUnavailable, err
	})
	if err == nil {
		err = r.alertmanager.fire(ctx, one)
	}
	if err == nil {
		err = r.failures(ctx, failed+3)
	}
	stop()
	if err != nil {
		return err
	}
	return r.told(ctx, 1, one.pod)
}
