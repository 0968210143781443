/* SPDX-License-Identifier: MIT
 *
 * The parser of the command line, driven by the tables of commands and options.
 */
#include "cli/args.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "cli/command.h"

const struct option_def global_options[] = {
    {OPT_DB, 0, "db", "FILE", "the database (ROOST_DB)"},
    {OPT_SOCKET, 0, "socket", "PATH", "the daemon's socket (ROOST_SOCKET)"},
    {OPT_ENGINE, 0, "engine", "URL", "the engine (DOCKER_HOST)"},
    {OPT_OUTPUT, 'o', "output", "FORMAT", "table, or json for programs"},
    {OPT_NO_COLOR, 0, "no-color", NULL, "no colours (NO_COLOR)"},
    {OPT_QUIET, 'q', "quiet", NULL, "no progress, no hints, no report when all went well"},
    {OPT_VERBOSE, 'v', "verbose", NULL, "say more of what is done"},
    {OPT_HELP, 'h', "help", NULL, "show help"},
    {OPT_VERSION, 0, "version", NULL, "show the version"},
    {0, 0, NULL, NULL, NULL},
};

struct parser {
    const struct command *const *commands;
    int argc;
    char *const *argv;
    int next; /* index of the word to look at */
    struct args *args;
    struct error *err;
};

/* "apply: " before what is wrong with apply's words, nothing before a command was seen. */
static int usage_error(struct parser *p, const char *fmt, ...) _printf_(2, 3);

static int usage_error(struct parser *p, const char *fmt, ...)
{
    char text[ERROR_TEXT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    const struct command *c = p->args->command;
    return error_set(p->err, -EINVAL, ERROR_USAGE, "usage", "%s%s%s", c ? c->name : "",
                     c ? ": " : "", text);
}

static const struct option_def *find_in(const struct option_def *table, const char *name,
                                        size_t len, char letter)
{
    for (const struct option_def *o = table; o && o->name; o++) {
        if (name && strlen(o->name) == len && memcmp(o->name, name, len) == 0)
            return o;
        if (!name && o->letter && o->letter == letter)
            return o;
    }
    return NULL;
}

/* By name (of `len` bytes), or by letter when `name` is NULL. */
static const struct option_def *find_option(const struct parser *p, const char *name, size_t len,
                                            char letter)
{
    const struct option_def *o = NULL;
    if (p->args->command)
        o = find_in(p->args->command->options, name, len, letter);
    return o ? o : find_in(global_options, name, len, letter);
}

static void offer_all(struct nearest *n, const struct option_def *table)
{
    for (const struct option_def *o = table; o && o->name; o++)
        nearest_offer(n, o->name);
}

static int unknown_option(struct parser *p, const char *name, size_t len)
{
    char word[64];
    (void)snprintf(word, sizeof(word), "%.*s", (int)(len < sizeof(word) ? len : sizeof(word) - 1),
                   name);
    struct nearest n = {.word = word};
    if (p->args->command)
        offer_all(&n, p->args->command->options);
    offer_all(&n, global_options);
    if (n.best)
        return usage_error(p, "unknown option \"--%s\"; did you mean \"--%s\"?", word, n.best);
    return usage_error(p, "unknown option \"--%s\"%s", word,
                       p->args->command ? "" : "; a command's options stand after its name");
}

static void keep(struct parser *p, const struct option_def *o, const char *value)
{
    p->args->value[o->id] = value;
    p->args->given[p->args->n_given++] = (struct given){.id = o->id, .value = value};
}

/* Stores the value; `inline_value` is what stood behind "=" or the letter, or NULL. */
static int take_option(struct parser *p, const struct option_def *o, const char *inline_value)
{
    if (!o->arg) {
        if (inline_value)
            return usage_error(p, "\"--%s\" takes no value", o->name);
        keep(p, o, "");
        return 0;
    }
    if (!inline_value && p->next < p->argc)
        inline_value = p->argv[p->next++];
    if (!inline_value)
        return usage_error(p, "\"--%s\" needs a value: %s", o->name, o->arg);
    keep(p, o, inline_value);
    return 0;
}

static int take_long(struct parser *p, const char *word)
{
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    const struct option_def *o = find_option(p, word, len, 0);
    if (!o)
        return unknown_option(p, word, len);
    return take_option(p, o, equals ? equals + 1 : NULL);
}

/* "-qy", "-pNAME", "-p NAME". */
static int take_letters(struct parser *p, const char *letters)
{
    while (*letters) {
        const struct option_def *o = find_option(p, NULL, 0, *letters);
        if (!o)
            return usage_error(p, "unknown option \"-%c\"", *letters);
        letters++;
        if (!o->arg) {
            keep(p, o, "");
            continue;
        }
        return take_option(p, o, *letters ? letters : NULL);
    }
    return 0;
}

static int take_word(struct parser *p, const char *word)
{
    if (!p->args->command)
        return args_find_command(p->commands, word, &p->args->command, p->err);
    p->args->words[p->args->n_words++] = word;
    return 0;
}

int args_find_command(const struct command *const *commands, const char *name,
                      const struct command **ret_command, struct error *err)
{
    struct nearest n = {.word = name};
    for (; *commands; commands++) {
        if (strcmp((*commands)->name, name) == 0) {
            *ret_command = *commands;
            return 0;
        }
        nearest_offer(&n, (*commands)->name);
    }
    if (n.best)
        return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                         "unknown command \"%s\"; did you mean \"%s\"?", name, n.best);
    return error_set(err, -EINVAL, ERROR_USAGE, "usage",
                     "unknown command \"%s\"; `roost help` lists them", name);
}

/* Nothing after "--" is ours, so it is taken as it stands. */
static void take_rest(struct parser *p)
{
    if (!p->args->command || !p->args->command->takes_rest)
        return;
    p->args->rest = p->argv + p->next;
    p->next = p->argc;
}

static int check_words(struct parser *p)
{
    const struct args *a = p->args;
    if (!a->command || args_has(a, OPT_HELP))
        return 0;
    if (a->rest && !a->rest[0])
        return usage_error(p, "a command is missing after \"--\"");
    if (a->n_words > a->command->max_words)
        return usage_error(p, "one word too many: \"%s\"", a->words[a->command->max_words]);
    if (a->n_words >= a->command->min_words)
        return 0;
    const char *missing = a->command->args;
    for (size_t i = 0; i < a->n_words; i++)
        missing += strcspn(missing, " ") + 1;
    return usage_error(p, "%.*s is missing", (int)strcspn(missing, " "), missing);
}

/* Each letter may be an option. */
static size_t options_most(int argc, char *const *argv)
{
    size_t n = 0;
    for (int i = 1; i < argc; i++)
        n += argv[i][0] == '-' ? strlen(argv[i]) : 0;
    return n;
}

const char **args_all(const struct args *args, enum option_id id, size_t *ret_n)
{
    const char **all = calloc(args->n_given + 1, sizeof(*all));
    size_t n = 0;
    for (size_t i = 0; all && i < args->n_given; i++)
        if (args->given[i].id == id)
            all[n++] = args->given[i].value;
    *ret_n = n;
    return all;
}

int args_parse(const struct command *const *commands, int argc, char *const *argv,
               struct args *ret_args, struct error *err)
{
    memset(ret_args, 0, sizeof(*ret_args));
    ret_args->words = calloc((size_t)argc + 1, sizeof(*ret_args->words));
    ret_args->given = calloc(options_most(argc, argv) + 1, sizeof(*ret_args->given));
    if (!ret_args->words || !ret_args->given)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    struct parser p = {
        .commands = commands, .argc = argc, .argv = argv, .next = 1, .args = ret_args, .err = err};
    bool only_words = false;
    while (p.next < argc) {
        const char *word = argv[p.next++];
        int r;
        if (only_words || word[0] != '-' || word[1] == '\0')
            r = take_word(&p, word);
        else if (strcmp(word, "--") == 0)
            r = 0, only_words = true, take_rest(&p);
        else if (word[1] == '-')
            r = take_long(&p, word + 2);
        else
            r = take_letters(&p, word + 1);
        if (r < 0)
            return r;
    }
    return check_words(&p);
}

void args_close(struct args *args)
{
    free(args->words);
    free(args->given);
    args->words = NULL;
    args->given = NULL;
    args->n_words = args->n_given = 0;
}
