/* SPDX-License-Identifier: MIT
 *
 * The words of the command line, sorted: which command, which options with
 * which values, which other words.
 *
 * Everything that is known of an option stands in one row: its id, spellings,
 * value and help. The parser, the usage line and the help text all read it there.
 * An option may stand anywhere, also before the command (then only one of
 * `global_options`); after "--" nothing is an option, and where the command takes a command line of
 * another program (wake) that is it. Of one given twice the
 * last counts, but for args_all(). Parsed values and words are borrowed from argv, which ends with
 * NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct command;

enum option_id {
    OPT_DB,
    OPT_SOCKET,
    OPT_ENGINE,
    OPT_OUTPUT,
    OPT_NO_COLOR,
    OPT_QUIET,
    OPT_VERBOSE,
    OPT_HELP,
    OPT_VERSION,
    OPT_PROJECT,
    OPT_FILE,
    OPT_PROFILE,
    OPT_ENV_FILE,
    OPT_PRUNE,
    OPT_REFRESH_IMAGES,
    OPT_ALLOW_HOST,
    OPT_POLICY,
    OPT_YES,
    OPT_DEEP,
    OPT_REMOVE_ORPHANS,
    OPT_TAKEOVER,
    OPT_DOCKER_RUN,
    OPT_SECRETS,
    OPT_FORCE,
    OPT_VOLUMES,
    OPT_REASON,
    OPT_TTL,
    OPT_WAIT,
    OPT_NO_WAIT,
    OPT_TIMEOUT,
    OPT_NOW,
    OPT_FOLLOW,
    OPT_AGENT,
    OPT_KIND,
    OPT_SINCE,
    OPT_LINES,
    OPT_TAIL,
    OPT_TIMESTAMPS,
    OPTION_COUNT,
};

struct option_def {
    enum option_id id;
    char letter;      /* 0: none */
    const char *name; /* without the dashes; NULL ends a table */
    const char *arg;  /* what the value is called; NULL: a flag */
    const char *help;
};

extern const struct option_def global_options[];

struct args {
    const struct command *command;   /* NULL: no command was given */
    const char *value[OPTION_COUNT]; /* NULL: not given; a flag that was given is "" */
    struct given {
        enum option_id id;
        const char *value;
    } * given; /* each option in its order, those that were given several times too */
    size_t n_given;
    const char **words; /* what is left after the command, in order */
    size_t n_words;
    char *const *rest; /* what stands after "--" of a command that runs another; NULL: no "--" */
};

/* Sorts argv[1..] by a NULL-terminated list of commands. On a failure (-EINVAL with ERROR_USAGE,
 * -ENOMEM) `ret_args` still says the command, where that was understood, so that its usage
 * can be shown; args_close() it in any case. The number of words is not checked when help
 * is asked for. */
int args_parse(const struct command *const *commands, int argc, char *const *argv,
               struct args *ret_args, struct error *err) _must_use_;
void args_close(struct args *args);

static inline bool args_has(const struct args *args, enum option_id id)
{
    return args->value[id] != NULL;
}

/* All values of an option that may be given several times, in their order: to free(), the values
 * are borrowed. NULL: out of memory. */
const char **args_all(const struct args *args, enum option_id id, size_t *ret_n) _must_use_;

/* The command of that name; -EINVAL with ERROR_USAGE and the nearest one. */
int args_find_command(const struct command *const *commands, const char *name,
                      const struct command **ret_command, struct error *err) _must_use_;
