/* SPDX-License-Identifier: MIT
 *
 * What `apply` does to the table.
 */
#include "cli/diff.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

#define FIELDS_MAX   16384
#define PATHS_SHOWN  8
#define COLUMN_BYTES 8 /* of a column's hash */

static const char *const change_names[CHANGE_KINDS] = {
    [CHANGE_CREATED] = "created", [CHANGE_CHANGED] = "changed", [CHANGE_UNCHANGED] = "unchanged",
    [CHANGE_PRUNED] = "pruned",   [CHANGE_KEPT] = "kept",
};

const char *change_name(enum change_kind kind)
{
    return change_names[kind];
}

/* fingerprints --------------------------------------------------------------------------------- */

#define COLUMNS 4

/* The columns that a file decides, in the order of the fingerprint. */
static const char *const column_names[COLUMNS] = {"lifecycle", "image", "idle_timeout", "spec"};

struct columns {
    const char *text[COLUMNS]; /* NULL: the column is NULL */
};

static struct columns columns_of_row(const struct row *row)
{
    return (struct columns){{row->lifecycle, row->image, row->idle_timeout, row->spec}};
}

static struct columns columns_of_service(const struct compose_service *s)
{
    return (struct columns){{lifecycle_name(s->lifecycle), s->image, s->idle_timeout, s->spec}};
}

static bool same_text(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* NULL and "" have different hashes. */
static void column_hash(const char *text, char ret_hex[2 * COLUMN_BYTES + 1])
{
    uint8_t digest[SHA256_SIZE];
    sha256(text ? text : "\0", text ? strlen(text) : 1, digest);
    hex_format(digest, COLUMN_BYTES, ret_hex);
}

static void fingerprint(const struct columns *c, char ret_text[APPLIED_SIZE])
{
    size_t len = 0;
    for (size_t i = 0; i < COLUMNS; i++) {
        char hex[2 * COLUMN_BYTES + 1];
        column_hash(c->text[i], hex);
        len += (size_t)snprintf(ret_text + len, APPLIED_SIZE - len, "%s%s", i ? ":" : "", hex);
    }
}

void applied_format(const char *lifecycle, const char *image, const char *idle_timeout,
                    const char *spec, char ret_text[APPLIED_SIZE])
{
    struct columns c = {{lifecycle, image, idle_timeout, spec}};
    fingerprint(&c, ret_text);
}

/* Is this column still as apply wrote it? Without a fingerprint of ours nothing is known to be by
 * hand. */
static bool column_is_applied(const char *applied, size_t column, const char *text)
{
    const size_t step = 2 * COLUMN_BYTES + 1;
    char hex[2 * COLUMN_BYTES + 1];
    if (!applied || strlen(applied) != COLUMNS * step - 1)
        return true;
    column_hash(text, hex);
    return memcmp(applied + column * step, hex, step - 1) == 0;
}

/* paths ---------------------------------------------------------------------------------------- */

struct paths {
    struct buf *out;
    size_t n;
};

static void add_path(struct paths *p, const char *path)
{
    if (p->n++ < PATHS_SHOWN)
        (void)buf_printf(p->out, "%s%s", p->out->len ? ", " : "", path);
}

static void compare_objects(struct paths *p, json_t *a, json_t *b, const char *prefix);

static void compare_values(struct paths *p, json_t *a, json_t *b, const char *prefix,
                           const char *key)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", key);
    if (json_is_object(a) && json_is_object(b))
        compare_objects(p, a, b, path);
    else if (!a || !json_equal(a, b))
        add_path(p, path);
}

static void compare_objects(struct paths *p, json_t *a, json_t *b, const char *prefix)
{
    const char *key;
    json_t *value;
    json_object_foreach (a, key, value)
        compare_values(p, value, json_object_get(b, key), prefix, key);
    json_object_foreach (b, key, value)
        if (!json_object_get(a, key))
            compare_values(p, NULL, value, prefix, key);
}

int spec_difference_paths(const char *a, const char *b, struct buf *ret_text)
{
    json_auto_t *left = json_loads(a, 0, NULL), *right = json_loads(b, 0, NULL);
    struct paths p = {.out = ret_text};
    if (json_is_object(left) && json_is_object(right))
        compare_objects(&p, left, right, "");
    if (p.n == 0)
        (void)buf_printf(ret_text, "%sspec", ret_text->len ? ", " : "");
    if (p.n > PATHS_SHOWN)
        (void)buf_printf(ret_text, " and %zu more", p.n - PATHS_SHOWN);
    return ret_text->error;
}

/* one service ---------------------------------------------------------------------------------- */

static void describe_field(struct buf *fields, const struct columns *was, const struct columns *is,
                           size_t column)
{
    if (strcmp(column_names[column], "spec") == 0)
        (void)spec_difference_paths(was->text[column], is->text[column], fields);
    else
        (void)buf_printf(fields, "%s%s", fields->len ? ", " : "", column_names[column]);
}

/* A spec may hold secrets: only its paths are told, never its values. */
static void describe_by_hand(struct buf *text, const struct columns *was, const struct columns *is,
                             size_t column)
{
    const char *from = was->text[column], *to = is->text[column];
    (void)buf_puts(text, text->len ? "; " : "");
    if (strcmp(column_names[column], "spec") != 0) {
        (void)buf_printf(text, "%s changed by hand (%s), file says %s", column_names[column],
                         from ? from : "none", to ? to : "none");
        return;
    }
    _cleanup_(buf_close) struct buf paths = BUF_INIT(FIELDS_MAX);
    (void)spec_difference_paths(from, to, &paths);
    (void)buf_printf(text, "%s changed by hand, file says otherwise", buf_text(&paths));
}

static int compare_row(struct change *change)
{
    struct columns was = columns_of_row(change->row), is = columns_of_service(change->service);
    _cleanup_(buf_close) struct buf fields = BUF_INIT(FIELDS_MAX);
    _cleanup_(buf_close) struct buf by_hand = BUF_INIT(FIELDS_MAX);
    for (size_t i = 0; i < COLUMNS; i++) {
        if (same_text(was.text[i], is.text[i]))
            continue;
        describe_field(&fields, &was, &is, i);
        if (!column_is_applied(change->row->applied, i, was.text[i]))
            describe_by_hand(&by_hand, &was, &is, i);
    }
    if (fields.len == 0)
        return 0;
    change->kind = CHANGE_CHANGED;
    change->fields = buf_steal(&fields);
    if (by_hand.len > 0)
        change->by_hand = buf_steal(&by_hand);
    return change->fields && !by_hand.error ? 0 : -ENOMEM;
}

static int foreign_row(const struct row *row, const char *file, struct error *err)
{
    if (!row->source)
        return error_set(err, -EEXIST, ERROR_CONFLICT, "other_source",
                         "agent %s is in the table already, made by hand; call the service "
                         "otherwise, `roost rm %s`, or hand it to the file: "
                         "`roost set %s source=%s`",
                         row->name, row->name, row->name, file);
    return error_set(err, -EEXIST, ERROR_CONFLICT, "other_source",
                     "agent %s comes from %s; call the service otherwise, `roost rm %s`, or, if "
                     "the file has moved: `roost set %s source=%s`",
                     row->name, row->source, row->name, row->name, file);
}

static int diff_service(const struct compose_project *project, const struct rows *rows,
                        const struct compose_service *service, struct change *change,
                        struct error *err)
{
    *change = (struct change){.kind = CHANGE_CREATED,
                              .name = service->name,
                              .lifecycle = lifecycle_name(service->lifecycle),
                              .service = service,
                              .row = rows_find(rows, service->name)};
    struct columns is = columns_of_service(service);
    fingerprint(&is, change->applied);
    if (!change->row)
        return 0;
    if (!same_text(change->row->source, project->file))
        return foreign_row(change->row, project->file, err);
    change->kind = CHANGE_UNCHANGED;
    int r = compare_row(change);
    return r < 0 ? error_wrap(err, r, "cannot compare agent %s", service->name) : 0;
}

/* the whole ------------------------------------------------------------------------------------ */

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The file's names, sorted; NULL when out of memory. */
static const char **sorted_names(const struct compose_project *project)
{
    const char **names = calloc(project->n_services + 1, sizeof(*names));
    for (size_t i = 0; names && i < project->n_services; i++)
        names[i] = project->services[i].name;
    if (names)
        qsort(names, project->n_services, sizeof(*names), compare_names);
    return names;
}

static void diff_vanished(struct diff *diff, const struct compose_project *project,
                          const struct rows *rows, const char **names)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct row *row = &rows->rows[i];
        if (!same_text(row->source, project->file))
            continue;
        diff->n_source++;
        if (bsearch(&row->name, names, project->n_services, sizeof(*names), compare_names))
            continue;
        diff->changes[diff->n++] = (struct change){.kind = row->held ? CHANGE_KEPT : CHANGE_PRUNED,
                                                   .name = row->name,
                                                   .lifecycle = row->lifecycle,
                                                   .row = row};
    }
}

int diff_make(const struct compose_project *project, const struct rows *rows, struct diff *ret_diff,
              struct error *err)
{
    _cleanup_(diff_close) struct diff diff = {0};
    diff.changes = calloc(project->n_services + rows->n + 1, sizeof(*diff.changes));
    _cleanup_free_ const char **names = sorted_names(project);
    if (!diff.changes || !names)
        return error_set(err, -ENOMEM, ERROR_FAILED, NULL, "out of memory");
    for (size_t i = 0; i < project->n_services; i++) {
        int r = diff_service(project, rows, &project->services[i], &diff.changes[diff.n++], err);
        if (r < 0)
            return r;
    }
    diff_vanished(&diff, project, rows, names);
    for (size_t i = 0; i < diff.n; i++)
        diff.counts[diff.changes[i].kind]++;
    *ret_diff = diff;
    memset(&diff, 0, sizeof(diff));
    return 0;
}

void diff_close(struct diff *diff)
{
    for (size_t i = 0; i < diff->n; i++) {
        free(diff->changes[i].fields);
        free(diff->changes[i].by_hand);
    }
    free(diff->changes);
    memset(diff, 0, sizeof(*diff));
}

bool diff_prunes_much(const struct diff *diff)
{
    return diff->counts[CHANGE_PRUNED] * 5 > diff->n_source;
}
