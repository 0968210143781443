/* SPDX-License-Identifier: MIT
 *
 * One run of the program: what was asked for, where the database, the daemon and the
 * engine are, and how to speak to the person (or the program) that asks.
 *
 * Data goes to stdout, everything else (notes, warnings, progress, errors) to stderr.
 */
#pragma once

#include <jansson.h>
#include <limits.h>
#include <stdbool.h>

#include "api/client.h"
#include "base/buf.h"
#include "cli/args.h"
#include "cli/command.h"
#include "cli/table.h"
#include "core/agent.h"
#include "daemon/daemon.h"
#include "store/store.h"

/* Plan has changes: the exit status that is neither done nor failed. */
#define EXIT_CHANGES 3

struct cli {
    struct args args;
    char db_path[PATH_MAX];
    char socket_path[PATH_MAX];
    bool db_given; /* by an option or the environment */
    bool socket_given;
    struct daemon_options daemon; /* points into this struct */
    bool json;
    bool color; /* stdout */
    bool quiet;
    bool said_here; /* "no daemon: doing it here" was said */
};

/* The whole program; the exit status. */
int cli_main(int argc, char **argv) _must_use_;

/* Prints the help of a command; NULL: the overview of all. */
int cli_help(const struct command *command, struct error *err) _must_use_;

/* settings.c: paths and formats from options, environment and defaults. */
int cli_settings(struct cli *cli, struct error *err) _must_use_;

/* say.c ---------------------------------------------------------------------------------------- */

/* One line on stderr, control characters made visible; a note is kept back by -q. */
void cli_note(const struct cli *cli, const char *fmt, ...) _printf_(2, 3);
void cli_warn(const char *fmt, ...) _printf_(1, 2);
void cli_error(const char *fmt, ...) _printf_(1, 2);

/* One object: indented on a terminal, else on one line. */
int cli_print_json(const json_t *json, struct error *err) _must_use_;

/* One object on one line, wherever it goes. */
int cli_print_json_line(const json_t *json, struct error *err) _must_use_;

/* Stdout is a pipe without a reader any more: | head has seen enough. */
bool cli_reader_is_gone(void);

/* Asks on the terminal; "y" or "yes" is yes. `yes` (-y) answers for the person. Without a terminal,
 * or when the answer is another: negative with `err`. */
int cli_confirm(const struct cli *cli, const char *question, struct error *err) _must_use_;

/* The same on a terminal that is there, and whether one is. */
bool cli_can_ask(void);
int cli_ask_person(const char *question, struct error *err) _must_use_;

/* Prints what a command gives for people, closing the table. */
int cli_print_table(const struct cli *cli, struct table *table, struct error *err) _must_use_;

/* call.c --------------------------------------------------------------------------------------- */

enum call_where {
    CALL_ANYWHERE,    /* the daemon, or else in this process */
    CALL_DAEMON_ONLY, /* the daemon, or else CALL_NO_DAEMON */
};
#define CALL_NO_DAEMON 1

/* One API request with an answer of 2xx. `progress` shows how far it is. *ret_json is the caller's
 * (NULL for an answer without a body). */
int cli_call(struct cli *cli, enum call_where where, const char *method, const char *path,
             bool progress, json_t **ret_json, struct error *err) _must_use_;

/* The same with progress of its own. */
int cli_call_with(struct cli *cli, enum call_where where, const char *method, const char *path,
                  api_progress_fn *progress, void *progress_ctx, json_t **ret_json,
                  struct error *err) _must_use_;

/* One API request to the daemon, with a body (or NULL) and in any manner of asking (`how` NULL: the
 * usual one; its socket is set here). 0, negative, or CALL_NO_DAEMON. */
int cli_ask(const struct cli *cli, const struct api_client *how, const char *method,
            const char *path, const json_t *body, json_t **ret_json, struct error *err) _must_use_;

/* api_client_follow() of the daemon, or CALL_NO_DAEMON. */
int cli_follow(const struct cli *cli, const struct api_client *how, const char *path,
               const char *last_id, api_event_fn *followed, void *ctx,
               struct error *err) _must_use_;

/* Makes of CALL_NO_DAEMON an error for what only a daemon can do ("a lease"); passes on all else.
 */
int cli_needs_daemon(const struct cli *cli, int r, const char *what, struct error *err) _must_use_;

/* "/v1/agents/{name}{rest}" with the name escaped. */
#define AGENT_PATH_SIZE 512
int cli_agent_path(const char *name, const char *rest, char ret_path[AGENT_PATH_SIZE],
                   struct error *err) _must_use_;

/* Reconciles these agents one by one, with the daemon or (CALL_ANYWHERE) here. *ret_report: their
 * reports as one. CALL_NO_DAEMON: none runs. */
int cli_reconcile(struct cli *cli, enum call_where where, const char *const *names, size_t n,
                  const char *query, json_t **ret_report, struct error *err) _must_use_;

/* Opens the database that the options name. */
enum db_mode {
    DB_READ,
    DB_WRITE,
    DB_CREATE,
};
int cli_open_store(const struct cli *cli, enum db_mode mode, struct store **ret_store,
                   struct error *err) _must_use_;
