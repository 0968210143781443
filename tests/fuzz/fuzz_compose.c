/* SPDX-License-Identifier: MIT
 *
 * Any bytes as a compose file: either they load, or there is a message; and what has loaded
 * loads the same a second time.
 *
 *     CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *     ninja -C build-fuzz tests/fuzz/fuzz_compose
 *     build-fuzz/tests/fuzz/fuzz_compose -max_len=4096 WORK tests/fuzz/corpus/compose
 *
 * Files are read only: an env_file of the input may name one that is there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compose/compose.h"
#include "compose/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(void *ctx, const char *name)
{
    static const char *const values[][2] = {
        {"HOME", "/home/op"}, {"A", "one"}, {"N", "8080"}, {"EMPTY", ""}, {"BAD", "\xff\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (strcmp(name, values[i][0]) == 0)
            return values[i][1];
    return NULL;
}

static void require(bool holds)
{
    if (!holds)
        abort();
}

static int load(const char *text, size_t len, struct compose_project **ret, struct error *err)
{
    struct compose_options options = {.env = lookup};
    struct compose_text source = {.text = text,
                                  .len = len,
                                  .path = "/nowhere/fuzz/compose.yaml",
                                  .shown_as = "compose.yaml",
                                  .folder = "/nowhere/fuzz"};
    return compose_load_texts(&options, &source, 1, ret, err);
}

static void check_same(const struct compose_project *a, const struct compose_project *b)
{
    require(strcmp(a->name, b->name) == 0 && a->n_services == b->n_services &&
            a->n_resources == b->n_resources && a->n_warnings == b->n_warnings);
    for (size_t i = 0; i < a->n_services; i++) {
        const struct compose_service *s = &a->services[i];
        require(agent_name_is_valid(s->name) && *s->image && s->spec[0] == '{');
        require(strcmp(s->spec, b->services[i].spec) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compose_project *first = NULL, *second = NULL;
    struct error err = ERROR_INIT;
    char *text = malloc(size + 1); /* what a file is read into has a NUL behind it */
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (load(text, size, &first, &err) < 0) {
        require(!first && error_is_set(&err) && text_is_utf8(err.text, strlen(err.text)));
        require(strncmp(err.text, "compose.yaml:", strlen("compose.yaml:")) == 0 ||
                err.text[0] == '/');
    } else {
        require(load(text, size, &second, NULL) == 0);
        check_same(first, second);
    }
    compose_project_free(first);
    compose_project_free(second);
    free(text);
    return 0;
}
