/* SPDX-License-Identifier: MIT
 *
 * A message quotes what it found. Where that came out of a variable it may be a secret, which
 * the file itself does not hold; so what is quoted of it becomes "***".
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "compose/load.h"

static bool is_part(const char *value, const char *text, size_t len)
{
    return len > 0 && memmem(value, strlen(value), text, len);
}

/* A value with a quote in it makes the pairs ambiguous: then all is masked from the first quote
 * to the last. */
static const char *closing_quote(const char *open, const char *value)
{
    return strchr(value, '"') ? strrchr(open + 1, '"') : strchr(open + 1, '"');
}

static void mask_value(char *text, size_t size, const char *value)
{
    _cleanup_(buf_close) struct buf out = BUF_INIT(ERROR_TEXT_SIZE);
    const char *p = text;
    for (const char *open; (open = strchr(p, '"'));) {
        const char *close = closing_quote(open, value);
        if (!close)
            break;
        bool masked = strchr(value, '"') || is_part(value, open + 1, (size_t)(close - open - 1));
        (void)buf_append(&out, p, (size_t)(open - p));
        if (masked)
            (void)buf_puts(&out, "\"***\"");
        else
            (void)buf_append(&out, open, (size_t)(close + 1 - open));
        p = close + 1;
    }
    (void)buf_puts(&out, p);
    /* Rather no message than one that was not masked. */
    (void)snprintf(text, size, "%s", out.error ? "not valid, with its variables" : buf_text(&out));
    text_cut(text, size);
}

/* The value of a scalar once more, as it was made for the spec, or NULL. */
static json_t *make_again(struct loader *l, const struct node *n)
{
    json_t *value = NULL;
    struct error *err = l->diag.err;
    l->diag.err = NULL;
    int r = convert_node(l, n, true, &value);
    l->diag.err = err;
    return r < 0 ? NULL : value;
}

static void mask_scalar(struct loader *l, const struct node *n, char *text, size_t size)
{
    char clean[ERROR_TEXT_SIZE];
    json_auto_t *value = strchr(n->text, '$') ? make_again(l, n) : NULL;
    if (!value)
        return;
    text_visible(json_string_value(value), clean, sizeof(clean));
    mask_value(text, size, clean);
}

static bool begins_with_word(const char *text, const char *word)
{
    size_t n = strlen(word);
    return text && strncmp(text, word, n) == 0 && (text[n] == '\0' || text[n] == ':');
}

const struct node *node_of_value(struct loader *l, const struct node *list, const char *value)
{
    for (size_t i = 0; list && list->kind == NODE_LIST && i < list->n_entries; i++) {
        const struct node *item = list->entries[i].value;
        if (item->kind == NODE_MAP)
            item = node_get(item, "source");
        if (!item || item->kind != NODE_SCALAR)
            continue;
        json_auto_t *made = make_again(l, item);
        if (begins_with_word(json_string_value(made), value))
            return item;
    }
    return NULL;
}

struct shown shown_value(const struct node *n, const char *value)
{
    return shown(n->text && strchr(n->text, '$') ? n->text : value);
}

void mask_variables(struct loader *l, const struct node *n, char *text, size_t size)
{
    if (n->kind == NODE_SCALAR)
        mask_scalar(l, n, text, size);
    for (size_t i = 0; i < n->n_entries; i++)
        mask_variables(l, n->entries[i].value, text, size);
}
