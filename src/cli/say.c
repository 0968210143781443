/* SPDX-License-Identifier: MIT
 *
 * What the program says: lines on stderr, data on stdout, a question.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"

#define LINE_SIZE (ERROR_TEXT_SIZE * 2)

static void say(const char *prefix, const char *fmt, va_list ap) _printf_(2, 0);

static void say(const char *prefix, const char *fmt, va_list ap)
{
    char line[LINE_SIZE];
    char clean[LINE_SIZE * 2];
    (void)vsnprintf(line, sizeof(line), fmt, ap);
    text_cut(line, sizeof(line));
    text_visible(line, clean, sizeof(clean));
    (void)fprintf(stderr, "%s%s\n", prefix, clean);
}

void cli_note(const struct cli *cli, const char *fmt, ...)
{
    if (cli->quiet)
        return;
    va_list ap;
    va_start(ap, fmt);
    say("", fmt, ap);
    va_end(ap);
}

void cli_warn(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("warning: ", fmt, ap);
    va_end(ap);
}

void cli_error(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    say("roost: ", fmt, ap);
    va_end(ap);
}

/* On a terminal whatever is not ASCII is escaped: text from outside could else steer it. */
static int print_json(const json_t *json, size_t on_terminal, struct error *err)
{
    size_t flags = isatty(STDOUT_FILENO) ? on_terminal | JSON_ENSURE_ASCII : 0;
    if (json_dumpf(json, stdout, flags | JSON_ENCODE_ANY) < 0)
        return error_set(err, -EIO, ERROR_FAILED, NULL, "cannot print the answer");
    (void)fputc('\n', stdout);
    return 0;
}

int cli_print_json(const json_t *json, struct error *err)
{
    return print_json(json, JSON_INDENT(2), err);
}

int cli_print_json_line(const json_t *json, struct error *err)
{
    return print_json(json, 0, err);
}

bool cli_reader_is_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO};
    return poll(&p, 1, 0) > 0 && (p.revents & POLLERR);
}

bool cli_can_ask(void)
{
    return isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
}

int cli_confirm(const struct cli *cli, const char *question, struct error *err)
{
    if (args_has(&cli->args, OPT_YES))
        return 0;
    if (!cli_can_ask())
        return error_set(err, -EPERM, ERROR_DENIED, "not_confirmed",
                         "%s: not done, there is no terminal to ask on; -y says yes", question);
    return cli_ask_person(question, err);
}

int cli_ask_person(const char *question, struct error *err)
{
    char answer[16] = "";
    (void)fflush(stdout);
    (void)fprintf(stderr, "%s? [y/N] ", question);
    if (fgets(answer, sizeof(answer), stdin) &&
        (strcasecmp(answer, "y\n") == 0 || strcasecmp(answer, "yes\n") == 0))
        return 0;
    return error_set(err, -ECANCELED, ERROR_DENIED, "not_confirmed", "nothing was done");
}

int cli_print_table(const struct cli *cli, struct table *table, struct error *err)
{
    int r = table_print(table, stdout, cli->color);
    table_close(table);
    return r < 0 ? error_wrap(err, r, "cannot print the table") : 0;
}
