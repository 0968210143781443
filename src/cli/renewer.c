/* SPDX-License-Identifier: MIT */
#include "cli/renewer.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "api/api.h"
#include "base/clock.h"

/* How long to wait after a renewal that failed for want of a daemon. */
#define RETRY_NS (2 * NS_PER_S)

static bool is_stopped(void *ctx)
{
    struct renewer *renewer = ctx;
    (void)pthread_mutex_lock(&renewer->lock);
    bool stop = renewer->stop;
    (void)pthread_mutex_unlock(&renewer->lock);
    return stop;
}

static struct timespec later(uint64_t delay_ns)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_MONOTONIC, &at);
    uint64_t ns = (uint64_t)at.tv_nsec + delay_ns;
    at.tv_sec += (time_t)(ns / NS_PER_S);
    at.tv_nsec = (long)(ns % NS_PER_S);
    return at;
}

/* False: it is time to stop. */
static bool pass_time(struct renewer *renewer, uint64_t delay_ns)
{
    struct timespec at = later(delay_ns);
    (void)pthread_mutex_lock(&renewer->lock);
    while (!renewer->stop &&
           pthread_cond_timedwait(&renewer->wake, &renewer->lock, &at) != ETIMEDOUT)
        continue;
    bool stop = renewer->stop;
    (void)pthread_mutex_unlock(&renewer->lock);
    return !stop;
}

/* A daemon that hangs or that cannot write: it may come back in time. */
static bool may_pass(const struct error *err)
{
    return err->kind == ERROR_UNREACHABLE || err->kind == ERROR_STORAGE;
}

static void *run(void *ctx)
{
    struct renewer *renewer = ctx;
    uint64_t third_ns = renewer->lease.ttl_ns / 3;
    uint64_t retry_ns = third_ns < RETRY_NS ? third_ns : RETRY_NS;
    bool told = false;
    for (uint64_t delay_ns = third_ns; pass_time(renewer, delay_ns);) {
        json_auto_t *answer = NULL;
        struct error err = ERROR_INIT;
        int r = lease_renew(renewer->cli, &renewer->lease, is_stopped, renewer, &answer, &err);
        if (is_stopped(renewer))
            break;
        if (r < 0 && !may_pass(&err)) {
            cli_warn("the lease has ended: %s", err.text);
            break;
        }
        if (r != 0 && !told)
            cli_warn("the lease cannot be renewed, trying on: %s",
                     r < 0 ? err.text : "no daemon runs");
        told = r != 0;
        delay_ns = r == 0 ? third_ns : retry_ns;
    }
    return NULL;
}

static int start(struct renewer *renewer)
{
    pthread_condattr_t attr;
    int r = pthread_condattr_init(&attr);
    if (r)
        return r;
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    r = pthread_cond_init(&renewer->wake, &attr);
    (void)pthread_condattr_destroy(&attr);
    if (r)
        return r;
    (void)pthread_mutex_init(&renewer->lock, NULL);
    r = pthread_create(&renewer->thread, NULL, run, renewer);
    renewer->running = r == 0;
    return r;
}

int renewer_start(struct renewer *renewer, const struct cli *cli, const struct lease *lease,
                  struct error *err)
{
    *renewer = (struct renewer){.cli = cli, .lease = *lease};
    if (!renewer->lease.ttl_ns)
        renewer->lease.ttl_ns = API_TTL_DEFAULT_NS;
    int r = start(renewer);
    return r ? error_set(err, -r, ERROR_FAILED, NULL,
                         "cannot start a thread to renew the lease: %s", strerror(r))
             : 0;
}

void renewer_stop(struct renewer *renewer)
{
    if (!renewer->running)
        return;
    (void)pthread_mutex_lock(&renewer->lock);
    renewer->stop = true;
    (void)pthread_cond_signal(&renewer->wake);
    (void)pthread_mutex_unlock(&renewer->lock);
    (void)pthread_join(renewer->thread, NULL);
    (void)pthread_cond_destroy(&renewer->wake);
    (void)pthread_mutex_destroy(&renewer->lock);
    renewer->running = false;
}
