/* SPDX-License-Identifier: MIT */
#include "cli/child.h"

#include <errno.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_NOT_RUN   126
#define EXIT_NOT_FOUND 127

static const int by_hand[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

void signals_hold(struct held_signals *signals)
{
    (void)sigemptyset(&signals->set);
    for (size_t i = 0; i < ARRAY_LEN(by_hand); i++)
        (void)sigaddset(&signals->set, by_hand[i]);
    (void)sigaddset(&signals->set, SIGCHLD);
    (void)signal(SIGCHLD, SIG_DFL); /* ignored, as we may have been started, it would not come */
    (void)sigprocmask(SIG_BLOCK, &signals->set, &signals->before);
}

bool signals_came(void *ctx)
{
    (void)ctx;
    sigset_t pending;
    if (sigpending(&pending) < 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(by_hand); i++)
        if (sigismember(&pending, by_hand[i]))
            return true;
    return false;
}

int signals_take(const struct held_signals *signals)
{
    sigset_t set = signals->set;
    (void)sigdelset(&set, SIGCHLD);
    int n = sigtimedwait(&set, NULL, &(struct timespec){0});
    return n > 0 ? n : 0;
}

static int spawn(const struct held_signals *signals, char *const *argv, pid_t *ret_pid)
{
    posix_spawnattr_t attr;
    sigset_t defaults;
    int r = posix_spawnattr_init(&attr);
    if (r)
        return r;
    (void)sigemptyset(&defaults);
    (void)sigaddset(&defaults, SIGPIPE); /* we ignore it, the command need not know how to */
    (void)posix_spawnattr_setsigdefault(&attr, &defaults);
    (void)posix_spawnattr_setsigmask(&attr, &signals->before);
    (void)posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    r = posix_spawnp(ret_pid, argv[0], NULL, &attr, argv, environ);
    (void)posix_spawnattr_destroy(&attr);
    return r;
}

/* The terminal signals its whole foreground group, the command with us; all others have only us in
 * mind. */
static bool is_for_us_alone(const siginfo_t *info)
{
    return info->si_code != SI_KERNEL;
}

/* The wait status. */
static int wait_for(const struct held_signals *signals, pid_t pid)
{
    int status = 0;
    while (waitpid(pid, &status, WNOHANG) != pid) {
        siginfo_t info;
        int n = sigwaitinfo(&signals->set, &info);
        if (n > 0 && n != SIGCHLD && is_for_us_alone(&info))
            (void)kill(pid, n);
    }
    return status;
}

int child_run(const struct held_signals *signals, char *const *argv, struct error *err)
{
    pid_t pid = 0;
    int r = spawn(signals, argv, &pid);
    if (r) {
        (void)error_set(err, -r, ERROR_FAILED, NULL, "cannot run %s: %s", argv[0], strerror(r));
        return r == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUN;
    }
    int status = wait_for(signals, pid);
    return WIFSIGNALED(status) ? EXIT_BY_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
}
