/* SPDX-License-Identifier: MIT
 *
 * Requests of the API: to the daemon, or carried out in this process when none runs.
 *
 * A daemon that answers on the socket may keep another database than the one that
 * the options name (two fleets on one machine). Asking it then would show, or worse change, the
 * wrong fleet. So the process that listens must be the one that holds the database's lock, as far
 * as we may look: who is only let at the socket and not at the file trusts the socket.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/report.h"

/* The pid that listens on a UNIX socket; 0 when nobody does or it is not told. */
static int listener_pid(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof(address.sun_path))
        return 0;
    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return 0;
    struct ucred peer = {0};
    socklen_t len = sizeof(peer);
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
        peer.pid = 0;
    (void)close(fd);
    return (int)peer.pid;
}

/* 0: ask at the socket. CALL_NO_DAEMON: nobody keeps this database. Negative: somebody does, but
 * not there. */
static int check_listener(const struct cli *cli, struct error *err)
{
    int listener = listener_pid(cli->socket_path), owner = 0;
    if (access(cli->db_path, F_OK) < 0 && errno == ENOENT)
        return cli->db_given && !cli->socket_given ? CALL_NO_DAEMON : 0;
    int r = store_owner(cli->db_path, &owner, NULL);
    if (r < 0 || owner < 0 || listener == 0 || listener == owner)
        return 0;
    if (owner == 0)
        return CALL_NO_DAEMON;
    return error_set(err, -ECONNREFUSED, ERROR_CONFLICT, "other_daemon",
                     "the daemon at %s keeps another database than %s, which process %d keeps; "
                     "name its socket with --socket",
                     cli->socket_path, cli->db_path, owner);
}

static bool is_no_daemon(int r, const struct error *err)
{
    return r < 0 && strcmp(err->code, "no_daemon") == 0;
}

static int no_daemon_outcome(int r, struct error *err)
{
    if (!is_no_daemon(r, err))
        return r;
    error_clear(err);
    return CALL_NO_DAEMON;
}

static int ask_daemon(const struct cli *cli, const char *method, const char *path,
                      api_progress_fn *progress, void *progress_ctx, struct api_answer *ret_answer,
                      struct error *err)
{
    int r = check_listener(cli, err);
    if (r != 0)
        return r;
    r = api_call(cli->socket_path, method, path, NULL, progress, progress_ctx, ret_answer, err);
    return no_daemon_outcome(r, err);
}

int cli_ask(const struct cli *cli, const struct api_client *how, const char *method,
            const char *path, const json_t *body, json_t **ret_json, struct error *err)
{
    struct api_client client = how ? *how : (struct api_client){0};
    struct api_answer answer = {0};
    client.socket_path = cli->socket_path;
    int r = check_listener(cli, err);
    if (r == 0)
        r = api_client_call(&client, method, path, body, &answer, err);
    r = no_daemon_outcome(r, err);
    if (r == 0)
        *ret_json = answer.json;
    return r;
}

int cli_follow(const struct cli *cli, const struct api_client *how, const char *path,
               const char *last_id, api_event_fn *followed, void *ctx, struct error *err)
{
    struct api_client client = *how;
    client.socket_path = cli->socket_path;
    int r = check_listener(cli, err);
    if (r == 0)
        r = api_client_follow(&client, path, last_id, followed, ctx, err);
    return no_daemon_outcome(r, err);
}

int cli_needs_daemon(const struct cli *cli, int r, const char *what, struct error *err)
{
    if (r != CALL_NO_DAEMON)
        return r;
    return error_set(err, -ECONNREFUSED, ERROR_UNREACHABLE, "no_daemon",
                     "no daemon listens on %s, and %s needs one; start it with `roost serve`",
                     cli->socket_path, what);
}

static int do_here(struct cli *cli, const char *method, const char *path, api_progress_fn *progress,
                   void *progress_ctx, struct api_answer *ret_answer, struct error *err)
{
    if (!cli->said_here)
        cli_note(cli, "no daemon: doing it here");
    cli->said_here = true;
    return daemon_call(&cli->daemon, method, path, NULL, progress, progress_ctx, ret_answer, err);
}

int cli_call_with(struct cli *cli, enum call_where where, const char *method, const char *path,
                  api_progress_fn *progress, void *progress_ctx, json_t **ret_json,
                  struct error *err)
{
    _cleanup_(api_answer_close) struct api_answer answer = {0};
    int r = ask_daemon(cli, method, path, progress, progress_ctx, &answer, err);
    if (r == CALL_NO_DAEMON && where == CALL_ANYWHERE)
        r = do_here(cli, method, path, progress, progress_ctx, &answer, err);
    if (r == 0)
        *ret_json = steal(&answer.json);
    return r;
}

int cli_call(struct cli *cli, enum call_where where, const char *method, const char *path,
             bool progress, json_t **ret_json, struct error *err)
{
    struct progress shown;
    progress_open(&shown, stderr, isatty(STDERR_FILENO) != 0);
    bool show = progress && !cli->quiet;
    int r =
        cli_call_with(cli, where, method, path, show ? progress_show : NULL, &shown, ret_json, err);
    progress_close(&shown);
    return r;
}

int cli_agent_path(const char *name, const char *rest, char ret_path[AGENT_PATH_SIZE],
                   struct error *err)
{
    _cleanup_(buf_close) struct buf path = BUF_INIT(AGENT_PATH_SIZE - 1);
    (void)buf_puts(&path, "/v1/agents");
    (void)api_path_append(&path, name);
    int r = buf_puts(&path, rest);
    if (r < 0)
        return error_set(err, r, ERROR_INVALID, NULL, "the name of the agent is too long");
    memcpy(ret_path, buf_text(&path), path.len + 1);
    return 0;
}

int cli_reconcile(struct cli *cli, enum call_where where, const char *const *names, size_t n,
                  const char *query, json_t **ret_report, struct error *err)
{
    _cleanup_(json_decrefp) json_t *all = report_new();
    for (size_t i = 0; i < n; i++) {
        char path[AGENT_PATH_SIZE];
        char rest[64];
        (void)snprintf(rest, sizeof(rest), "/reconcile%s", query);
        _cleanup_(json_decrefp) json_t *one = NULL;
        int r = cli_agent_path(names[i], rest, path, err);
        if (r == 0)
            r = cli_call(cli, where, "POST", path, n == 1, &one, err);
        if (r != 0)
            return r;
        r = report_add(all, one);
        if (r < 0)
            return error_wrap(err, r, "cannot read the answer about %s", names[i]);
    }
    *ret_report = steal(&all);
    return 0;
}

int cli_open_store(const struct cli *cli, enum db_mode mode, struct store **ret_store,
                   struct error *err)
{
    struct store_options options = {
        .path = cli->db_path,
        .create = mode == DB_CREATE,
        .read_only = mode == DB_READ,
    };
    return store_open(&options, ret_store, err);
}
