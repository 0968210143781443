/* SPDX-License-Identifier: MIT
 *
 * Any bytes as an env file: either it is read, or there is a message that names a place in it; and
 * what was read reads the same a second time. No message shows a value of the environment.
 */
#include "base/text.h"
#include "compose/dotenv.h"
#include "fuzz.h"

#define SECRET "hunter2-hunter2"

static const char *lookup(void *ctx, const char *name)
{
    static const char *const values[][2] = {
        {"A", SECRET},
        {"B", "b"},
        {"E", ""},
        {"BAD", "\xff\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (strcmp(name, values[i][0]) == 0)
            return values[i][1];
    return NULL;
}

static void check_message(const char *text, bool may_quote)
{
    require(strncmp(text, "a.env:", strlen("a.env:")) == 0 && text_is_utf8(text, strlen(text)));
    require(may_quote || !strstr(text, SECRET));
}

/* A message quotes the file's own words, which may be those of the secret. */
static int parse(const char *text, size_t size, json_t *vars)
{
    struct error err = ERROR_INIT;
    struct interpolation in = {.lookup = lookup};
    _cleanup_(diag_close) struct diag diag = {.file = "a.env", .err = &err};
    bool may_quote = memmem(text, size, SECRET, strlen(SECRET)) != NULL;
    int r = dotenv_parse(text, size, &in, &diag, vars);
    require((r < 0) == error_is_set(&err));
    if (r < 0)
        check_message(err.text, may_quote);
    for (size_t i = 0; i < diag.n_warnings; i++)
        check_message(diag.warnings[i], may_quote);
    return r;
}

static void check_values(json_t *vars)
{
    const char *name;
    json_t *value;
    json_object_foreach (vars, name, value)
        require(*name && json_is_string(value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_auto_t *first = json_object(), *second = json_object();
    char *text = fuzz_text(data, size);
    require(first && second);
    int r = parse(text, size, first);
    require(parse(text, size, second) == r);
    require(json_equal(first, second));
    check_values(first);
    free(text);
    return 0;
}
