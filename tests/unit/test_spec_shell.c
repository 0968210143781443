/* SPDX-License-Identifier: MIT */
#include "spec_fixture.h"

#include <errno.h>

#include "spec/shell.h"

/* By Compose's rules: what its shellwords library makes of these. */
static void splits_as_compose_does(void **state)
{
    static const struct {
        const char *line, *words, *why;
    } rows[] = {
        {"", "[]", NULL},
        {" \t\r\n ", "[]", NULL},
        {"a  b\tc\nd", "[\"a\",\"b\",\"c\",\"d\"]", NULL},
        {"'a b'", "[\"a b\"]", NULL},
        {"\"a b\"", "[\"a b\"]", NULL},
        {"a'b'\"c\"d", "[\"abcd\"]", NULL},
        {"'' \"\" x", "[\"\",\"\",\"x\"]", NULL},
        {"a\\ b", "[\"a b\"]", NULL},
        {"\\'a", "[\"'a\"]", NULL},
        {"'a\\b'", "[\"a\\\\b\"]", NULL},
        {"\"a\\b\\\"c\"", "[\"ab\\\"c\"]", NULL},
        {"a\\tb\\nc", "[\"a\\tb\\nc\"]", NULL},
        {"\"it's\" 'say \"x\"'", "[\"it's\",\"say \\\"x\\\"\"]", NULL},
        {"echo `a b` c", "[\"echo\",\"`a b`\",\"c\"]", NULL},
        {"echo $(a b) c", "[\"echo\",\"$(a b)\",\"c\"]", NULL},
        {"echo $(a \\) b)", "[\"echo\",\"$(a \\\\) b)\"]", NULL},
        {"sh -c 'a && b; c > d'", "[\"sh\",\"-c\",\"a && b; c > d\"]", NULL},
        {"sh -c \"(a)\"", "[\"sh\",\"-c\",\"(a)\"]", NULL},
        {"a $B ${C} *?~#!%", "[\"a\",\"$B\",\"${C}\",\"*?~#!%\"]", NULL},
        {"\xc3\xa9 \\\xc3\xa9", "[\"\xc3\xa9\",\"\xc3\xa9\"]", NULL},
        {"'a", NULL, "a quote or bracket is not closed"},
        {"a\"", NULL, "a quote or bracket is not closed"},
        {"`a", NULL, "a quote or bracket is not closed"},
        {"$(a", NULL, "a quote or bracket is not closed"},
        {"a\\", NULL, "it ends in a backslash"},
        {"(a)", NULL, "a bracket outside of quotes"},
        {"a)", NULL, "a bracket outside of quotes"},
        {"$(a $(b))", NULL, "a bracket within $(…)"},
        {"a; b", NULL,
         "no shell runs it, so an operator (; & | < >) outside of quotes means nothing"},
        {"a&b", NULL,
         "no shell runs it, so an operator (; & | < >) outside of quotes means nothing"},
        {"a | b", NULL,
         "no shell runs it, so an operator (; & | < >) outside of quotes means nothing"},
        {"a <b", NULL,
         "no shell runs it, so an operator (; & | < >) outside of quotes means nothing"},
        {"a 2>&1", NULL,
         "no shell runs it, so an operator (; & | < >) outside of quotes means nothing"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        json_t *words = NULL;
        const char *why = NULL;
        ROW("%s", rows[i].line);
        int r = shell_split(rows[i].line, &words, &why);
        assert_int_equal(r, rows[i].words ? 0 : -EINVAL);
        if (r < 0) {
            assert_string_equal(why, rows[i].why);
            continue;
        }
        _cleanup_free_ char *text = json_dumps(words, JSON_COMPACT);
        assert_string_equal(text, rows[i].words);
        json_decref(words);
    }
}

static void quotes_only_where_needed(void **state)
{
    static const struct {
        const char *word, *quoted;
    } rows[] = {
        {"busybox:1.2@sha256:ab", "busybox:1.2@sha256:ab"},
        {"--name=x_y,z/%+", "--name=x_y,z/%+"},
        {"", "''"},
        {"a b", "'a b'"},
        {"it's", "'it'\\''s'"},
        {"~", "'~'"},
        {"=ls", "'=ls'"},
        {"$HOME", "'$HOME'"},
        {"a\nb", "'a\nb'"},
        {"\xc3\xa9", "'\xc3\xa9'"},
        {"***", "'***'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        _cleanup_(buf_close) struct buf line = BUF_INIT(TEXT_SIZE);
        ROW("%s", rows[i].word);
        shell_quote(&line, rows[i].word);
        assert_string_equal(buf_text(&line), rows[i].quoted);
    }
}

/* The judge of quoting is sh itself. */
static void sh_reads_the_word_back(void **state)
{
    static const char *const words[] = {
        "plain",
        "",
        "-n",
        "a b",
        "it's",
        "''",
        "\"",
        "\\",
        "\\\\'\\",
        "$HOME",
        "`id`",
        "$(id)",
        "*",
        "?",
        "[a]",
        "{a,b}",
        "a;b",
        "a&b",
        "a|b",
        "<a>",
        "#x",
        "!x",
        "~",
        "~root",
        "=ls",
        "a=b",
        "\ta\n\nb ",
        "%s%n",
        "\xc3\xa9\xe2\x82\xac",
        "\x01\x7f",
        "a\rb",
    };
    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        _cleanup_(buf_close) struct buf line = BUF_INIT(TEXT_SIZE);
        char got[256];
        ROW("%s", words[i]);
        (void)buf_puts(&line, "printf %s ");
        shell_quote(&line, words[i]);
        (void)buf_puts(&line, "; printf .");
        FILE *sh = popen(buf_text(&line), "r");
        assert_non_null(sh);
        size_t n = fread(got, 1, sizeof(got) - 1, sh);
        assert_int_equal(pclose(sh), 0);
        assert_int_equal(n, strlen(words[i]) + 1);
        assert_memory_equal(got, words[i], n - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_as_compose_does),
        cmocka_unit_test(quotes_only_where_needed),
        cmocka_unit_test(sh_reads_the_word_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
