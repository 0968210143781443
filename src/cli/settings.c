/* SPDX-License-Identifier: MIT
 *
 * Where the database and the socket are and how to print, from options, the
 * environment and defaults, in this order.
 */
#include <errno.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/nearest.h"
#include "cli/cli.h"

static const char *env_text(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static int set_path(char path[PATH_MAX], const char *what, struct error *err, const char *fmt, ...)
    _printf_(4, 5);

static int set_path(char path[PATH_MAX], const char *what, struct error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(path, PATH_MAX, fmt, ap);
    va_end(ap);
    if (n < 0 || n >= PATH_MAX)
        return error_set(err, -ENAMETOOLONG, ERROR_USAGE, NULL, "the path of the %s is too long",
                         what);
    return 0;
}

static const char *home_folder(void)
{
    const char *home = env_text("HOME");
    if (home)
        return home;
    const struct passwd *pw = getpwuid(geteuid());
    return pw && pw->pw_dir ? pw->pw_dir : "/";
}

/* The folder of a person's own database: $XDG_DATA_HOME/roost. */
static int data_folder(char path[PATH_MAX], struct error *err)
{
    const char *data = env_text("XDG_DATA_HOME");
    if (data)
        return set_path(path, "database", err, "%s/roost", data);
    return set_path(path, "database", err, "%s/.local/share/roost", home_folder());
}

static int default_db(char path[PATH_MAX], struct error *err)
{
    if (geteuid() == 0)
        return set_path(path, "database", err, "/var/lib/roost/roost.db");
    char folder[PATH_MAX];
    int r = data_folder(folder, err);
    return r < 0 ? r : set_path(path, "database", err, "%s/roost.db", folder);
}

/* Without a runtime folder the socket lies beside the person's database: that folder is 0700. */
static int default_socket(char path[PATH_MAX], struct error *err)
{
    if (geteuid() == 0)
        return set_path(path, "socket", err, "/run/roost/roost.sock");
    const char *runtime = env_text("XDG_RUNTIME_DIR");
    if (runtime)
        return set_path(path, "socket", err, "%s/roost.sock", runtime);
    char folder[PATH_MAX];
    int r = data_folder(folder, err);
    return r < 0 ? r : set_path(path, "socket", err, "%s/roost.sock", folder);
}

/* The option, else the environment; NULL: neither. */
static const char *given(const struct cli *cli, enum option_id option, const char *env)
{
    const char *value = cli->args.value[option];
    return value ? value : env_text(env);
}

static int choose_paths(struct cli *cli, struct error *err)
{
    const char *db = given(cli, OPT_DB, "ROOST_DB");
    const char *sock = given(cli, OPT_SOCKET, "ROOST_SOCKET");
    cli->db_given = db != NULL;
    cli->socket_given = sock != NULL;
    int r = db ? set_path(cli->db_path, "database", err, "%s", db) : default_db(cli->db_path, err);
    if (r < 0)
        return r;
    return sock ? set_path(cli->socket_path, "socket", err, "%s", sock)
                : default_socket(cli->socket_path, err);
}

static int choose_format(struct cli *cli, struct error *err)
{
    const char *format = cli->args.value[OPT_OUTPUT];
    cli->json = format && strcmp(format, "json") == 0;
    if (!format || cli->json || strcmp(format, "table") == 0)
        return 0;
    struct nearest n = {.word = format};
    nearest_offer(&n, "json");
    nearest_offer(&n, "table");
    if (n.best)
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "unknown format \"%s\"; did you mean \"%s\"?", format, n.best);
    return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                     "unknown format \"%s\"; there are table and json", format);
}

static bool wants_color(const struct cli *cli)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) && !args_has(&cli->args, OPT_NO_COLOR) && !env_text("NO_COLOR") &&
           term && strcmp(term, "dumb") != 0;
}

/* Only the daemon's log is read as a story; what a command does stands in its report. */
static enum log_level log_level(const struct cli *cli)
{
    if (args_has(&cli->args, OPT_VERBOSE))
        return LOG_LEVEL_DEBUG;
    if (cli->args.command == &command_serve)
        return cli->quiet ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO;
    return cli->quiet ? LOG_LEVEL_ERROR : LOG_LEVEL_WARNING;
}

int cli_settings(struct cli *cli, struct error *err)
{
    int r = choose_paths(cli, err);
    if (r == 0)
        r = choose_format(cli, err);
    if (r < 0)
        return r;
    cli->color = wants_color(cli);
    cli->quiet = args_has(&cli->args, OPT_QUIET);
    log_set_level(log_level(cli));
    cli->daemon.db_path = cli->db_path;
    cli->daemon.socket_path = cli->socket_path;
    cli->daemon.engine.url = cli->args.value[OPT_ENGINE];
    cli->daemon.engine.tls_verify = -1;
    cli->daemon.takeover = args_has(&cli->args, OPT_TAKEOVER);
    return 0;
}
