/* SPDX-License-Identifier: MIT
 *
 * The checks of `roost doctor`.
 */
#include "cli/doctor.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"

#define LOW_BYTES  (UINT64_C(100) << 20)
#define NONE_BYTES (UINT64_C(10) << 20)

static void find(struct finding *f, enum health health, const char *fmt, ...) _printf_(3, 4);

static void find(struct finding *f, enum health health, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(f->text, sizeof(f->text), fmt, ap);
    va_end(ap);
    text_cut(f->text, sizeof(f->text));
    f->health = health;
}

/* the engine ----------------------------------------------------------------------------------- */

static void look_engine(struct doctor *d, struct finding *f)
{
    struct error err = ERROR_INIT;
    if (engine_session_open(&d->session, &d->cli->daemon.engine, &err) < 0) {
        find(f, DOCTOR_FAIL, "%s", err.text);
        return;
    }
    if (engine_session_facts(&d->session, &d->facts, &err) < 0) {
        find(f, DOCTOR_FAIL, "%s: %s; is it running, may you use its socket, is DOCKER_HOST right?",
             engine_url(d->session.engine), err.text);
        return;
    }
    d->engine_answers = true;
    find(f, DOCTOR_OK, "version %s at %s", d->facts.version, engine_url(d->session.engine));
}

static void look_api_version(struct doctor *d, struct finding *f)
{
    if (!d->engine_answers)
        find(f, DOCTOR_WARN, "not known: the engine does not answer");
    else
        find(f, DOCTOR_OK, "speaking %s (the engine knows %s to %s)",
             engine_api_version(d->session.engine), d->facts.min_api_version, d->facts.api_version);
}

static void look_live_restore(struct doctor *d, struct finding *f)
{
    if (!d->engine_answers)
        find(f, DOCTOR_WARN, "not known: the engine does not answer");
    else if (d->facts.live_restore)
        find(f, DOCTOR_OK, "on: containers live on while the engine restarts");
    else
        find(f, DOCTOR_WARN,
             "off: a restart of the engine stops every container (hot agents are started again "
             "after it); \"live-restore\": true in /etc/docker/daemon.json keeps them running");
}

/* the database --------------------------------------------------------------------------------- */

static void look_database(struct doctor *d, struct finding *f)
{
    struct error err = ERROR_INIT;
    int r = cli_open_store(d->cli, DB_READ, &d->store, &err);
    if (r == -ENOENT) {
        find(f, DOCTOR_WARN, "%s is not there yet; `roost apply` makes it", d->cli->db_path);
        return;
    }
    if (r == 0)
        r = store_check(d->store, false, &err);
    if (r < 0)
        find(f, DOCTOR_FAIL, "%s", err.text);
    else
        find(f, DOCTOR_OK, "%s, fleet \"%s\"", d->cli->db_path, store_fleet(d->store));
}

/* The folder of the database, or the nearest above it that exists. */
static const char *existing_folder(const struct cli *cli, char path[PATH_MAX])
{
    (void)snprintf(path, PATH_MAX, "%s", cli->db_path);
    char *folder = dirname(path);
    while (access(folder, F_OK) < 0 && errno == ENOENT && strcmp(folder, "/") != 0 &&
           strcmp(folder, ".") != 0)
        folder = dirname(folder);
    return folder;
}

static void look_permissions(struct doctor *d, struct finding *f)
{
    char path[PATH_MAX];
    const char *folder = existing_folder(d->cli, path);
    if (access(folder, W_OK | X_OK) < 0)
        find(f, DOCTOR_FAIL,
             "%s: %s; run as the user that keeps the fleet, or name a database "
             "with --db",
             folder, strerror(errno));
    else if (access(d->cli->db_path, F_OK) == 0 && access(d->cli->db_path, R_OK | W_OK) < 0)
        find(f, DOCTOR_FAIL, "%s: %s", d->cli->db_path, strerror(errno));
    else
        find(f, DOCTOR_OK, "%s can be written", folder);
}

static void look_disk(struct doctor *d, struct finding *f)
{
    char path[PATH_MAX];
    const char *folder = existing_folder(d->cli, path);
    struct statvfs fs;
    if (statvfs(folder, &fs) < 0) {
        find(f, DOCTOR_FAIL, "%s: %s", folder, strerror(errno));
        return;
    }
    uint64_t left = (uint64_t)fs.f_bavail * fs.f_frsize;
    bool no_inodes = fs.f_files > 0 && fs.f_favail == 0;
    enum health health = left < NONE_BYTES || no_inodes ? DOCTOR_FAIL
                         : left < LOW_BYTES             ? DOCTOR_WARN
                                                        : DOCTOR_OK;
    find(f, health, "%s: %llu MB free%s%s", folder, (unsigned long long)(left >> 20),
         no_inodes ? ", but no inode" : "",
         health == DOCTOR_OK ? "" : "; without room no change of the table can be kept");
}

/* the daemon ----------------------------------------------------------------------------------- */

static void look_owner(struct doctor *d, struct finding *f)
{
    int pid = 0;
    struct error err = ERROR_INIT;
    if (store_owner(d->cli->db_path, &pid, &err) < 0)
        find(f, DOCTOR_WARN, "%s", err.text);
    else if (pid == 0)
        find(f, DOCTOR_OK, "nobody holds the database's lock");
    else if (pid < 0)
        find(f, DOCTOR_OK, "held, by a process that could not leave its pid");
    else
        find(f, DOCTOR_OK, "process %d holds the database's lock", pid);
}

static void look_daemon(struct doctor *d, struct finding *f)
{
    struct error err = ERROR_INIT;
    json_auto_t *ready = NULL;
    int pid = 0;
    int r = cli_call(d->cli, CALL_DAEMON_ONLY, "GET", "/readyz", false, &ready, &err);
    if (r == 0)
        find(f, DOCTOR_OK, "ready at %s", d->cli->socket_path);
    else if (r < 0)
        find(f, DOCTOR_FAIL, "%s: %s", d->cli->socket_path, err.text);
    else if (store_owner(d->cli->db_path, &pid, NULL) == 0 && pid > 0)
        find(f, DOCTOR_FAIL,
             "process %d holds the database, but nobody answers at %s; is --socket "
             "right?",
             pid, d->cli->socket_path);
    else
        find(f, DOCTOR_WARN, "none runs: the fleet is only kept while `roost serve` does");
}

/* leftovers ------------------------------------------------------------------------------------ */

struct leftovers {
    const char *uid;
    size_t halves;
    size_t foreign;
    char example[128];
};

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

static void on_container(void *ctx, const struct engine_container *container)
{
    struct leftovers *l = ctx;
    const char *uid = engine_container_label(container, "roost.db");
    bool half = ends_with(container->name, AGENT_SUFFIX_NEW) ||
                ends_with(container->name, AGENT_SUFFIX_OLD);
    bool foreign = !uid || strcmp(uid, l->uid) != 0;
    if (half || foreign)
        (void)snprintf(l->example, sizeof(l->example), "%s", container->name);
    l->halves += half && !foreign;
    l->foreign += foreign;
}

static void look_leftovers(struct doctor *d, struct finding *f)
{
    if (!d->engine_answers || !d->store || !store_fleet(d->store)[0]) {
        find(f, DOCTOR_OK, "nothing to look for yet");
        return;
    }
    char label[128];
    struct error err = ERROR_INIT;
    struct leftovers l = {.uid = store_uid(d->store)};
    (void)snprintf(label, sizeof(label), "roost.fleet=%s", store_fleet(d->store));
    if (engine_session_list(&d->session, label, on_container, &l, &err) < 0)
        find(f, DOCTOR_FAIL, "%s", err.text);
    else if (l.halves > 0)
        find(f, DOCTOR_WARN,
             "%zu container%s of an unfinished recreate (%s); `roost reconcile` ends it", l.halves,
             l.halves == 1 ? "" : "s", l.example);
    else if (l.foreign > 0)
        find(f, DOCTOR_WARN,
             "%zu container%s of this fleet from another database (%s); if that one is lost, "
             "`roost serve --takeover` adopts them",
             l.foreign, l.foreign == 1 ? "" : "s", l.example);
    else
        find(f, DOCTOR_OK, "none");
}

const struct doctor_check doctor_checks[] = {
    {"engine", look_engine},
    {"api version", look_api_version},
    {"live-restore", look_live_restore},
    {"database", look_database},
    {"permissions", look_permissions},
    {"disk", look_disk},
    {"lock", look_owner},
    {"daemon", look_daemon},
    {"leftovers", look_leftovers},
    {NULL, NULL},
};

void doctor_close(struct doctor *doctor)
{
    engine_session_close(&doctor->session);
    doctor->store = store_close(doctor->store);
}
