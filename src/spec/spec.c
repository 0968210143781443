/* SPDX-License-Identifier: MIT
 *
 * From JSON to a spec: the walk over the keys.
 */
#include "spec/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"
#include "spec/internal.h"

#define IMAGE_SIZE_MAX 512

const char *spec_key_warning(const char *name)
{
    const struct key *key = key_find(name);
    return key && key->flags & KEY_WARNED ? key->does : NULL;
}

bool spec_key_is_never_in_a_row(const char *name)
{
    const struct key *key = key_find(name);
    return key && key->flags & (KEY_FILE | KEY_WARNED | KEY_REFUSED);
}

static int refuse_key(struct reader *r, const char *name)
{
    struct nearest nearest = {.word = name};
    size_t mark = reader_enter(r, name);
    for (size_t i = 0; key_at(i); i++)
        nearest_offer(&nearest, key_at(i)->name);
    int rc = nearest.best ? reader_fail(r, "unknown key; did you mean \"%s\"?", nearest.best)
                          : reader_fail(r, "unknown key; remove it");
    reader_leave(r, mark);
    return rc;
}

/* The row's column says the image; the same in the JSON does no harm, another does. */
static int check_image_key(struct reader *r, const json_t *value, const char *image)
{
    if (json_is_string(value) && strcmp(json_string_value(value), image) == 0)
        return 0;
    (void)reader_enter(r, "image");
    return reader_fail(r, "it is a column of the row, and that says otherwise; set the column");
}

static int read_key(struct reader *r, const char *name, const json_t *value, const char *image,
                    json_t *root)
{
    json_t *canonical = NULL;
    const struct key *key = key_find(name);
    if (strcmp(name, "image") == 0)
        return check_image_key(r, value, image);
    if (!key && strncmp(name, "x-", 2) == 0)
        return 0;
    if (!key)
        return refuse_key(r, name);
    if (json_is_null(value))
        return 0;
    size_t mark = reader_enter(r, name);
    int rc = key->read(r, key, value, &canonical);
    if (rc < 0)
        return rc;
    reader_leave(r, mark);
    if (canonical && json_object_set_new(root, name, canonical) < 0)
        return reader_no_memory(r);
    return 0;
}

/* Every reader below may trust that texts have no NUL in them and that there is an end to the
 * depth. */
static int check_tree(struct reader *r, const json_t *value, unsigned depth)
{
    const char *name;
    json_t *part;
    size_t i;
    if (depth > SPEC_DEPTH_MAX)
        return reader_fail(r, "nested deeper than %d levels", SPEC_DEPTH_MAX);
    if (json_is_string(value) && strlen(json_string_value(value)) != json_string_length(value))
        return reader_fail(r, "a NUL character in a text");
    json_array_foreach (value, i, part) {
        size_t mark = reader_enter_index(r, i);
        int rc = check_tree(r, part, depth + 1);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    json_object_foreach ((json_t *)value, name, part) {
        size_t mark = reader_enter(r, name);
        int rc = check_tree(r, part, depth + 1);
        if (rc < 0)
            return rc;
        reader_leave(r, mark);
    }
    return 0;
}

/* Only what could never be a reference: what the engine says of the rest is clear enough. */
static int check_image(struct reader *r, const char *image)
{
    static const char plain[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._/:@-";
    char quoted[READER_QUOTE_SIZE];
    if (image && image[0] && image[0] != '-' && image[strspn(image, plain)] == '\0' &&
        strlen(image) <= IMAGE_SIZE_MAX)
        return 0;
    (void)reader_enter(r, "image");
    if (!image || image[0] == '\0')
        return reader_fail(r, "an agent needs an image; name one");
    return reader_fail(r, "\"%s\" is no name of an image; write \"name:tag\"",
                       reader_quote(quoted, image));
}

static int read_service(struct reader *r, const json_t *service, const char *image, json_t *root)
{
    const char *name;
    json_t *value;
    if (!json_is_object(service))
        return reader_expected(r, "a map of keys", service);
    int rc = check_tree(r, service, 1);
    if (rc == 0)
        rc = check_image(r, image);
    if (rc < 0)
        return rc;
    json_object_foreach ((json_t *)service, name, value) {
        rc = read_key(r, name, value, image, root);
        if (rc < 0)
            return rc;
    }
    return check_together(r, root);
}

static int build(struct reader *r, const json_t *root, const char *image, struct spec **ret_spec)
{
    _cleanup_(spec_freep) struct spec *spec = calloc(1, sizeof(*spec));
    if (!spec)
        return reader_no_memory(r);
    spec->canonical = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    spec->image = strdup(image);
    if (!spec->canonical || !spec->image)
        return reader_no_memory(r);
    if (strlen(spec->canonical) > SPEC_JSON_MAX)
        return reader_fail(r, "longer than %u bytes", SPEC_JSON_MAX);
    json_auto_t *tree = spec_tree(spec); /* sorted, as every later reader sees it */
    if (!tree || facts_fill(spec, tree) < 0 ||
        identity_compute(tree, spec->image, SPEC_VERSION, &spec->id) < 0)
        return reader_no_memory(r);
    *ret_spec = steal(&spec);
    return 0;
}

int spec_from_json(const json_t *service, const char *image, spec_locate_fn *locate,
                   void *locate_ctx, struct spec **ret_spec, struct error *err)
{
    json_auto_t *root = json_object(), *destinations = json_object();
    struct reader r = {
        .locate = locate, .locate_ctx = locate_ctx, .err = err, .destinations = destinations};
    if (!root || !destinations)
        return reader_no_memory(&r);
    int rc = read_service(&r, service, image, root);
    return rc < 0 ? rc : build(&r, root, image, ret_spec);
}

/* In words of ours: jansson's own quote the text around the fault, which may be a secret. */
static const char *fault_text(enum json_error_code code)
{
    if (code == json_error_premature_end_of_input)
        return "the JSON ends too early";
    if (code == json_error_duplicate_key)
        return "a key stands twice in the JSON";
    if (code == json_error_invalid_utf8)
        return "not valid UTF-8";
    if (code == json_error_null_character || code == json_error_null_byte_in_key)
        return "a NUL character in a text";
    if (code == json_error_numeric_overflow)
        return "a number is too large";
    if (code == json_error_stack_overflow)
        return "nested too deep";
    return "not valid JSON";
}

/* A key may be named: what is quoted is then just that, "… near '"user"'". */
static int refuse_json(const json_error_t *fault, struct error *err)
{
    char quoted[READER_QUOTE_SIZE] = "";
    enum json_error_code code = json_error_code(fault);
    const char *near = strstr(fault->text, " near '");
    if (code == json_error_out_of_memory || fault->text[0] == '\0') /* it says nothing then */
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    if (code == json_error_duplicate_key && near)
        (void)reader_quote(quoted, near);
    return error_set(err, -EINVAL, ERROR_INVALID, "invalid_spec",
                     "spec: %s%s, at line %d, column %d", fault_text(code), quoted, fault->line,
                     fault->column);
}

int spec_parse(const char *json, const char *image, struct spec **ret_spec, struct error *err)
{
    json_error_t fault = {0};
    if (strlen(json) > SPEC_JSON_MAX)
        return error_set(err, -EINVAL, ERROR_INVALID, "invalid_spec", "spec: longer than %u bytes",
                         SPEC_JSON_MAX);
    json_auto_t *service = json_loads(json, JSON_REJECT_DUPLICATES, &fault);
    return service ? spec_from_json(service, image, NULL, NULL, ret_spec, err)
                   : refuse_json(&fault, err);
}

void spec_free(struct spec *spec)
{
    if (!spec)
        return;
    free(spec->canonical);
    free(spec->image);
    free(spec->strings);
    free(spec->depends);
    free(spec->mounts);
    free(spec->networks);
    free(spec);
}

void spec_freep(struct spec **spec)
{
    spec_free(*spec);
}

const struct spec_settings *spec_settings(const struct spec *spec)
{
    return &spec->settings;
}

json_t *spec_tree(const struct spec *spec)
{
    return json_loads(spec->canonical, 0, NULL);
}

static bool is_used_before(const struct spec *spec, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (spec->mounts[i].kind == MOUNT_VOLUME &&
            strcmp(spec->mounts[i].source, spec->mounts[index].source) == 0)
            return true;
    return false;
}

void spec_resources(const struct spec *spec,
                    void (*each)(void *ctx, const char *kind, const char *key), void *ctx)
{
    for (size_t i = 0; i < spec->n_networks; i++)
        each(ctx, "network", spec->networks[i]);
    for (size_t i = 0; i < spec->n_mounts; i++)
        if (spec->mounts[i].kind == MOUNT_VOLUME && !is_used_before(spec, i))
            each(ctx, "volume", spec->mounts[i].source);
}

int spec_check_lifecycle(const struct spec *spec, enum lifecycle lifecycle, spec_locate_fn *locate,
                         void *locate_ctx, struct error *err)
{
    struct reader r = {.locate = locate, .locate_ctx = locate_ctx, .err = err};
    if (spec->settings.job && lifecycle == LIFECYCLE_HOT) {
        (void)reader_enter(&r, "x-roost");
        return reader_fail(&r, "job: only a lazy agent can be one; add \"lifecycle: lazy\"");
    }
    if (!spec->restart || (strcmp(spec->restart, "no") == 0) == (lifecycle == LIFECYCLE_LAZY))
        return 0;
    (void)reader_enter(&r, "restart");
    return reader_fail(
        &r, "\"%s\" contradicts lifecycle %s, from which the restart policy follows; remove one",
        spec->restart, lifecycle_name(lifecycle));
}
