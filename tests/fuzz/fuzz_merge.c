/* SPDX-License-Identifier: MIT
 *
 * Any bytes as up to four compose files, which lines of "%%%" separate, each laid over those before
 * it: either they load, or there is a message of one of them. What has loaded loads the
 * same a second time, and each row gives itself when it is read again.
 *
 *     CC=clang meson setup build-fuzz -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false
 *     ninja -C build-fuzz tests/fuzz/fuzz_merge
 *     build-fuzz/tests/fuzz/fuzz_merge -max_len=4096 WORK tests/fuzz/corpus/merge
 *
 * Files are read only: an extends or include of the input may name one that is there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "compose/compose.h"
#include "compose/load.h"

#define FILES_MAX 4

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *lookup(void *ctx, const char *name)
{
    static const char *const values[][2] = {
        {"HOME", "/home/op"}, {"A", "one"}, {"N", "8080"}, {"EMPTY", ""}, {"PAIR", "A=$b"},
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

static size_t split(char *text, struct compose_text texts[FILES_MAX])
{
    static const char separator[] = "\n%%%\n";
    static const char *const names[FILES_MAX] = {"a.yaml", "b.yaml", "c.yaml", "d.yaml"};
    size_t n = 0;
    for (char *next = text; next && n < FILES_MAX; n++) {
        text = next;
        next = n + 1 < FILES_MAX ? strstr(text, separator) : NULL;
        if (next) {
            *next = '\0';
            next += strlen(separator);
        }
        texts[n] = (struct compose_text){.text = text,
                                         .len = strlen(text),
                                         .path = "/nowhere/fuzz/a.yaml",
                                         .shown_as = names[n],
                                         .folder = "/nowhere/fuzz"};
    }
    return n;
}

static int load(const struct compose_text *texts, size_t n, struct compose_project **ret,
                struct error *err)
{
    struct compose_options options = {.env = lookup};
    return compose_load_texts(&options, texts, n, ret, err);
}

static void check_same(const struct compose_project *a, const struct compose_project *b)
{
    require(strcmp(a->name, b->name) == 0 && a->n_services == b->n_services &&
            a->n_resources == b->n_resources && a->n_files == b->n_files);
    for (size_t i = 0; i < a->n_services; i++)
        require(strcmp(a->services[i].spec, b->services[i].spec) == 0 &&
                strcmp(a->services[i].name, b->services[i].name) == 0);
}

/* The canonical form of a canonical form is itself. */
static void check_canonical(const struct compose_project *p)
{
    for (size_t i = 0; i < p->n_services; i++) {
        _cleanup_(spec_freep) struct spec *spec = NULL;
        _cleanup_(buf_close) struct buf again = BUF_INIT(SPEC_JSON_MAX);
        require(spec_parse(p->services[i].spec, p->services[i].image, &spec, NULL) == 0);
        require(spec_canonical(spec, false, &again) == 0);
        require(strcmp(buf_text(&again), p->services[i].spec) == 0);
    }
}

static void check_message(const struct error *err)
{
    require(error_is_set(err) && text_is_utf8(err->text, strlen(err->text)));
    require(err->text[0] == '/' || strncmp(err->text + 1, ".yaml:", strlen(".yaml:")) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct compose_text texts[FILES_MAX];
    struct compose_project *first = NULL, *second = NULL;
    struct error err = ERROR_INIT;
    char *text = malloc(size + 1);
    require(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    size_t n = split(text, texts);
    if (load(texts, n, &first, &err) < 0) {
        require(!first);
        check_message(&err);
    } else {
        require(load(texts, n, &second, NULL) == 0);
        check_same(first, second);
        check_canonical(first);
    }
    compose_project_free(first);
    compose_project_free(second);
    free(text);
    return 0;
}
