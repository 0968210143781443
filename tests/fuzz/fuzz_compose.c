/* SPDX-License-Identifier: MIT
 *
 * Any bytes as up to four compose files, which lines of "%%%" separate, each laid over those before
 * it: either they load, or there is a message of one of them. What has loaded loads the same a
 * second time, and each row gives itself when it is read again.
 *
 * What follows a line of "+++" stands beside them as x.yaml: an env_file, extends or include of the
 * input may name it.
 */
#include <unistd.h>

#include "base/text.h"
#include "compose/compose.h"
#include "compose/load.h"
#include "fuzz.h"

#define FILES_MAX 4

static char folder[] = "/tmp/roost-fuzz-XXXXXX";
static char beside[sizeof(folder) + sizeof("/x.yaml")];

static void clean_up(void)
{
    (void)unlink(beside);
    (void)rmdir(folder);
}

static void prepare(void)
{
    if (*beside)
        return;
    require(mkdtemp(folder) != NULL);
    (void)snprintf(beside, sizeof(beside), "%s/x.yaml", folder);
    (void)atexit(clean_up);
}

/* The length of what comes before it. */
static size_t put_beside(char *text, size_t size)
{
    static const char separator[] = "\n+++\n";
    char *at = memmem(text, size, separator, strlen(separator));
    (void)unlink(beside);
    if (!at)
        return size;
    FILE *out = fopen(beside, "w");
    require(out != NULL);
    char *from = at + strlen(separator);
    size_t len = (size_t)(text + size - from);
    require(fwrite(from, 1, len, out) == len && fclose(out) == 0);
    *at = '\0';
    return (size_t)(at - text);
}

static const char *lookup(void *ctx, const char *name)
{
    static const char *const values[][2] = {
        {"HOME", "/home/op"}, {"A", "one"},     {"N", "8080"},
        {"EMPTY", ""},        {"PAIR", "A=$b"}, {"BAD", "\xff\n"},
    };
    for (size_t i = 0; i < ARRAY_LEN(values); i++)
        if (strcmp(name, values[i][0]) == 0)
            return values[i][1];
    return NULL;
}

/* The last one is what is left, with whatever it has. */
static size_t split(char *text, size_t size, struct compose_text texts[FILES_MAX])
{
    static const char separator[] = "\n%%%\n";
    static const char *const names[FILES_MAX] = {"a.yaml", "b.yaml", "c.yaml", "d.yaml"};
    char *end = text + size, *next = text;
    size_t n = 0;
    for (; next && n < FILES_MAX; n++) {
        text = next;
        next = n + 1 < FILES_MAX ? memmem(text, (size_t)(end - text), separator, strlen(separator))
                                 : NULL;
        texts[n] = (struct compose_text){.text = text,
                                         .len = (size_t)((next ? next : end) - text),
                                         .path = "/nowhere/fuzz/a.yaml",
                                         .shown_as = names[n],
                                         .folder = folder};
        if (next) {
            *next = '\0';
            next += strlen(separator);
        }
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
    require(strcmp(a->name, b->name) == 0 && a->n_services == b->n_services);
    require(a->n_resources == b->n_resources && a->n_files == b->n_files);
    require(a->n_warnings == b->n_warnings);
    for (size_t i = 0; i < a->n_services; i++)
        require(strcmp(a->services[i].spec, b->services[i].spec) == 0 &&
                strcmp(a->services[i].name, b->services[i].name) == 0);
}

/* The canonical form of a canonical form is itself. */
static void check_canonical(const struct compose_service *s)
{
    _cleanup_(spec_freep) struct spec *spec = NULL;
    _cleanup_(buf_close) struct buf again = BUF_INIT(SPEC_JSON_MAX);
    require(agent_name_is_valid(s->name) && *s->image);
    require(spec_parse(s->spec, s->image, &spec, NULL) == 0);
    require(spec_canonical(spec, false, &again) == 0);
    require(strcmp(buf_text(&again), s->spec) == 0);
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
    char *text = fuzz_text(data, size);
    prepare();
    size_t n = split(text, put_beside(text, size), texts);
    if (load(texts, n, &first, &err) < 0) {
        require(!first);
        check_message(&err);
    } else {
        require(load(texts, n, &second, NULL) == 0);
        check_same(first, second);
        for (size_t i = 0; i < first->n_services; i++)
            check_canonical(&first->services[i]);
    }
    compose_project_free(first);
    compose_project_free(second);
    free(text);
    return 0;
}
