/* SPDX-License-Identifier: MIT
 *
 * Usage and help, made from the table of commands.
 */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#define OPTION_COLUMN 26
#define WIDTH         80

/* On the next line where this one is full. */
static void usage_option(const struct option_def *o, struct buf *b)
{
    char text[80], letter[2] = {o->letter, '\0'};
    const char *line = strrchr(buf_text(b), '\n');
    size_t used = line ? strlen(line + 1) : b->len + strlen("usage: ");
    int n = snprintf(text, sizeof(text), "[%s%s%s%s]", o->letter ? "-" : "--",
                     o->letter ? letter : o->name, o->arg ? " " : "", o->arg ? o->arg : "");
    (void)buf_printf(b, "%s%s", used + 1 + (size_t)n > WIDTH ? "\n         " : " ", text);
}

int help_usage(const struct command *command, struct buf *ret_text)
{
    if (!command)
        return buf_puts(ret_text, "roost COMMAND [OPTION…] [ARGUMENT…]");
    (void)buf_printf(ret_text, "roost %s", command->name);
    if (command->args[0])
        (void)buf_printf(ret_text, " %s", command->args);
    for (const struct option_def *o = command->options; o && o->name; o++)
        usage_option(o, ret_text);
    if (command->takes_rest)
        (void)buf_puts(ret_text, " [-- COMMAND…]");
    return ret_text->error;
}

static void describe_option(const struct option_def *o, struct buf *b)
{
    char left[64];
    char letter[8] = "    ";
    if (o->letter)
        (void)snprintf(letter, sizeof(letter), "-%c, ", o->letter);
    (void)snprintf(left, sizeof(left), "  %s--%s%s%s", letter, o->name, o->arg ? " " : "",
                   o->arg ? o->arg : "");
    (void)buf_printf(b, "%-*s  %s\n", OPTION_COLUMN, left, o->help);
}

static void describe_options(const char *head, const struct option_def *table, struct buf *b)
{
    if (!table || !table->name)
        return;
    (void)buf_printf(b, "\n%s:\n", head);
    for (const struct option_def *o = table; o->name; o++)
        describe_option(o, b);
}

int help_overview(const struct command *const *commands, struct buf *ret_text)
{
    (void)buf_puts(ret_text, "roost " ROOST_VERSION
                             " - keeps a fleet of containers the way its table says\n\nusage: ");
    (void)help_usage(NULL, ret_text);
    (void)buf_puts(ret_text, "\n\n");
    for (; *commands; commands++)
        (void)buf_printf(ret_text, "  %-10s  %s\n", (*commands)->name, (*commands)->summary);
    describe_options("with every command", global_options, ret_text);
    return buf_puts(ret_text, "\n`roost help COMMAND` tells more. Exit status: 0 done, 1 failed, "
                              "2 wrong usage,\n3 plan has changes, 4 engine or daemon "
                              "unreachable.\n");
}

int help_command(const struct command *command, struct buf *ret_text)
{
    _cleanup_(buf_close) struct buf usage = BUF_INIT(4096);
    (void)help_usage(command, &usage);
    (void)buf_printf(ret_text, "roost %s - %s\n\nusage: %s\n\n%s", command->name, command->summary,
                     buf_text(&usage), command->help);
    describe_options("options", command->options, ret_text);
    describe_options("with every command", global_options, ret_text);
    return ret_text->error;
}
