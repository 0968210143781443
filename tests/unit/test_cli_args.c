/* SPDX-License-Identifier: MIT
 *
 * The parser of the command line, usage and help, over a small table of commands of its own.
 */
#include "unit.h"

#include <errno.h>
#include <string.h>

#include "cli/help.h"

static const struct option_def apply_options[] = {
    {OPT_PROJECT, 'p', "project", "NAME", "another name"},
    {OPT_PRUNE, 0, "prune", NULL, "delete"},
    {OPT_YES, 'y', "yes", NULL, "do not ask"},
    {0, 0, NULL, NULL, NULL},
};

static const struct command apply = {
    .name = "apply",
    .args = "[FILE]",
    .max_words = 1,
    .summary = "write a file",
    .options = apply_options,
    .help = "It writes.\n",
};
static const struct command rm = {
    .name = "rm",
    .args = "NAME…",
    .min_words = 1,
    .max_words = WORDS_MANY,
    .summary = "delete",
    .help = "It deletes.\n",
};
static const struct command set = {
    .name = "set",
    .args = "NAME KEY=VALUE…",
    .min_words = 2,
    .max_words = WORDS_MANY,
    .summary = "change",
    .help = "It changes.\n",
};
static const struct command *const commands[] = {&apply, &rm, &set, NULL};

struct parsed {
    struct args args;
    struct error err;
    int r;
};

/* Splits at blanks; "_" stands for an empty word. */
static struct parsed parse(const char *line)
{
    static char text[256];
    static char *argv[32];
    int argc = 0;
    struct parsed p = {0};
    (void)snprintf(text, sizeof(text), "roost %s", line);
    for (char *word = strtok(text, " "); word; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "_") == 0 ? word + 1 : word;
    p.r = args_parse(commands, argc, argv, &p.args, &p.err);
    return p;
}

static void test_good(void **state)
{
    static const struct {
        const char *line;
        const char *command; /* NULL: none */
        const char *words;   /* joined by | */
        const char *project; /* NULL: not given */
        bool prune, yes, quiet, help;
    } rows[] = {
        {"", NULL, ""},
        {"apply", "apply", ""},
        {"apply f.yaml", "apply", "f.yaml"},
        {"apply --prune f.yaml", "apply", "f.yaml", .prune = true},
        {"apply f.yaml --prune", "apply", "f.yaml", .prune = true},
        {"apply f.yaml -p demo", "apply", "f.yaml", .project = "demo"},
        {"apply -pdemo f.yaml", "apply", "f.yaml", .project = "demo"},
        {"apply --project demo", "apply", "", .project = "demo"},
        {"apply --project=demo", "apply", "", .project = "demo"},
        {"apply --project=", "apply", "", .project = ""},
        {"apply --project _", "apply", "", .project = ""},
        {"apply -p -y", "apply", "", .project = "-y"},
        {"apply -p a -p b", "apply", "", .project = "b"},
        {"apply -qy", "apply", "", .yes = true, .quiet = true},
        {"apply -qypdemo", "apply", "", .project = "demo", .yes = true, .quiet = true},
        {"-q apply", "apply", "", .quiet = true},
        {"apply -- --prune", "apply", "--prune"},
        {"apply -", "apply", "-"},
        {"-- apply -y", NULL, NULL},
        {"rm a b c", "rm", "a|b|c"},
        {"rm a -- -q b", "rm", "a|-q|b"},
        {"rm --help", "rm", "", .help = true},
        {"apply a b c -h", "apply", "a|b|c", .help = true},
        {"--help", NULL, "", .help = true},
        {"set web a=b --quiet", "set", "web|a=b", .quiet = true},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("roost %s", rows[i].line);
        struct parsed p = parse(rows[i].line);
        char words[128] = "";
        for (size_t w = 0; w < p.args.n_words; w++) {
            size_t len = strlen(words);
            (void)snprintf(words + len, sizeof(words) - len, "%s%s", w ? "|" : "", p.args.words[w]);
        }
        if (!rows[i].words) { /* after "--" nothing is an option: "-y" is the file */
            assert_int_equal(p.r, 0);
            assert_string_equal(words, "-y");
            args_close(&p.args);
            continue;
        }
        assert_int_equal(p.r, 0);
        assert_string_equal(p.args.command ? p.args.command->name : "",
                            rows[i].command ? rows[i].command : "");
        assert_string_equal(words, rows[i].words);
        const char *project = p.args.value[OPT_PROJECT];
        assert_int_equal(project != NULL, rows[i].project != NULL);
        if (project)
            assert_string_equal(project, rows[i].project);
        assert_int_equal(args_has(&p.args, OPT_PRUNE), rows[i].prune);
        assert_int_equal(args_has(&p.args, OPT_YES), rows[i].yes);
        assert_int_equal(args_has(&p.args, OPT_QUIET), rows[i].quiet);
        assert_int_equal(args_has(&p.args, OPT_HELP), rows[i].help);
        args_close(&p.args);
    }
}

static void test_wrong(void **state)
{
    static const struct {
        const char *line;
        const char *text;
    } rows[] = {
        {"aply", "unknown command \"aply\"; did you mean \"apply\"?"},
        {"frobnicate", "unknown command \"frobnicate\"; `roost help` lists them"},
        {"apply --prnue", "apply: unknown option \"--prnue\"; did you mean \"--prune\"?"},
        {"apply --quite", "apply: unknown option \"--quite\"; did you mean \"--quiet\"?"},
        {"apply --frobnicate=1", "apply: unknown option \"--frobnicate\""},
        {"--prune apply", "unknown option \"--prune\"; a command's options stand after its name"},
        {"rm a --prune", "rm: unknown option \"--prune\""},
        {"apply -x", "apply: unknown option \"-x\""},
        {"apply -qx", "apply: unknown option \"-x\""},
        {"apply --prune=yes", "apply: \"--prune\" takes no value"},
        {"apply -p", "apply: \"--project\" needs a value: NAME"},
        {"apply --project", "apply: \"--project\" needs a value: NAME"},
        {"apply a b", "apply: one word too many: \"b\""},
        {"rm", "rm: NAME… is missing"},
        {"set", "set: NAME is missing"},
        {"set web", "set: KEY=VALUE… is missing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        ROW("roost %s", rows[i].line);
        struct parsed p = parse(rows[i].line);
        assert_int_equal(p.r, -EINVAL);
        assert_int_equal(p.err.kind, ERROR_USAGE);
        assert_string_equal(p.err.text, rows[i].text);
        args_close(&p.args);
    }
}

static void test_command_is_known_after_a_failure(void **state)
{
    struct parsed p = parse("apply --frobnicate");
    assert_int_equal(p.r, -EINVAL);
    assert_ptr_equal(p.args.command, &apply);
    args_close(&p.args);
}

static void test_usage(void **state)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(HELP_TEXT_MAX);
    assert_int_equal(help_usage(&apply, &text), 0);
    assert_string_equal(buf_text(&text), "roost apply [FILE] [-p NAME] [--prune] [-y]");
    buf_reset(&text);
    assert_int_equal(help_usage(&rm, &text), 0);
    assert_string_equal(buf_text(&text), "roost rm NAME…");
}

static void test_help(void **state)
{
    _cleanup_(buf_close) struct buf text = BUF_INIT(HELP_TEXT_MAX);
    assert_int_equal(help_command(&apply, &text), 0);
    static const char *const parts[] = {
        "roost apply - write a file\n",
        "usage: roost apply [FILE]",
        "It writes.\n",
        "  -p, --project NAME",
        "      --prune",
        "      --db FILE",
    };
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        ROW("%s", parts[i]);
        assert_non_null(strstr(buf_text(&text), parts[i]));
    }
    buf_reset(&text);
    assert_int_equal(help_overview(commands, &text), 0);
    assert_non_null(strstr(buf_text(&text), "  apply       write a file\n"));
    assert_non_null(strstr(buf_text(&text), "  rm          delete\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_command_is_known_after_a_failure),
        cmocka_unit_test(test_usage),
        cmocka_unit_test(test_help),
    };
    return cmocka_run_group_tests_name("cli_args", tests, NULL, NULL);
}
