/* SPDX-License-Identifier: MIT
 *
 * From argv to an exit status: parse, find the settings, run the command, say once what
 * went wrong, and make sure that what was printed has arrived.
 */
#include "cli/cli.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/help.h"

int cli_help(const struct command *command, struct error *err)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(HELP_TEXT_MAX);
    int r = command ? help_command(command, &text) : help_overview(all_commands, &text);
    if (r < 0)
        return error_wrap(err, r, "cannot show the help");
    (void)fputs(buf_text(&text), stdout);
    return EXIT_SUCCESS;
}

static int run(struct cli *cli, int argc, char **argv, struct error *err)
{
    int r = args_parse(all_commands, argc, argv, &cli->args, err);
    if (r < 0)
        return r;
    if (args_has(&cli->args, OPT_VERSION))
        cli->args.command = &command_version;
    if (!cli->args.command || args_has(&cli->args, OPT_HELP))
        return cli_help(cli->args.command, err);
    r = cli_settings(cli, err);
    return r < 0 ? r : cli->args.command->run(cli, err);
}

/* The one place where an error is said. */
static int fail(const struct cli *cli, int r, const struct error *err)
{
    if (!error_is_set(err)) {
        cli_error("%s", strerror(-r));
        return EXIT_FAILURE;
    }
    cli_error("%s", err->text);
    if (err->kind == ERROR_USAGE) {
        _cleanup_(buf_close) struct buf usage = BUF_INIT(HELP_TEXT_MAX);
        if (help_usage(cli->args.command, &usage) == 0)
            (void)fprintf(stderr, "usage: %s\n", buf_text(&usage));
    }
    return error_exit_status(err->kind);
}

/* A full disk behind stdout is a failure; a reader that left is none. */
static int close_stdout(int status)
{
    bool failed = ferror(stdout) != 0;
    bool gone = cli_reader_is_gone();
    errno = 0;
    if ((fclose(stdout) == 0 && !failed) || gone || errno == EPIPE)
        return status;
    cli_error("cannot write to stdout: %s", strerror(errno ? errno : EIO));
    return EXIT_FAILURE;
}

int cli_main(int argc, char **argv)
{
    struct cli cli = {0};
    struct error err = ERROR_INIT;
    (void)setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of a character */
    (void)signal(SIGPIPE, SIG_IGN);
    int status = run(&cli, argc, argv, &err);
    if (status < 0)
        status = fail(&cli, status, &err);
    args_close(&cli.args);
    return close_stdout(status);
}
