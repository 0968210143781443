/* SPDX-License-Identifier: MIT
 *
 * command and entrypoint.
 *
 * The `docker` line knows only an entrypoint of one word, so the request has it that way too: the
 * other words go before the command. The process is the same one, and both ways give equal
 * containers.
 */
#include <errno.h>
#include <string.h>

#include "spec/keys.h"
#include "spec/shell.h"

static int split_words(struct reader *r, const char *line, json_t **ret)
{
    const char *why = NULL;
    int rc = shell_split(line, ret, &why);
    if (rc == -ENOMEM)
        return reader_no_memory(r);
    if (rc < 0)
        return reader_fail(
            r,
            "cannot split it into words: %s; write a list, or [\"sh\", \"-c\", \"…\"] for a shell",
            why);
    return 0;
}

static int copy_words(struct reader *r, const json_t *list, json_t **ret)
{
    json_auto_t *words = json_array();
    size_t i;
    json_t *word;
    json_array_foreach (list, i, word) {
        size_t mark = reader_enter_index(r, i);
        if (!json_is_string(word))
            return reader_expected(r, "text (in quotes)", word);
        reader_leave(r, mark);
        if (json_array_append(words, word) < 0)
            return reader_no_memory(r);
    }
    return reader_give(r, json_incref(words), ret);
}

int read_command(struct reader *r, const struct key *key, const json_t *value, json_t **ret)
{
    if (json_is_string(value))
        return split_words(r, json_string_value(value), ret);
    if (json_is_array(value))
        return copy_words(r, value, ret);
    return reader_expected(r, "text or a list", value);
}

/* One empty word is Docker's own way to say "none". */
static bool is_cleared(const json_t *words)
{
    const char *first = json_string_value(json_array_get(words, 0));
    return json_array_size(words) == 0 || (json_array_size(words) == 1 && first[0] == '\0');
}

static int append_words(json_t *list, const json_t *words, size_t from)
{
    for (size_t i = from; i < json_array_size(words); i++)
        if (json_array_append(list, json_array_get(words, i)) < 0)
            return -ENOMEM;
    return 0;
}

int put_entrypoint(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *entrypoint = maker_list(m, "Entrypoint");
    if (!entrypoint)
        return -ENOMEM;
    if (is_cleared(value)) {
        /* An empty list leaves the image's command in force, an empty word drops it as well. */
        bool own = json_array_size(json_object_get(m->root, "command")) > 0;
        return own && json_array_append_new(entrypoint, json_string("")) < 0 ? -ENOMEM : 0;
    }
    if (json_array_append(entrypoint, json_array_get(value, 0)) < 0)
        return -ENOMEM;
    if (json_array_size(value) == 1)
        return 0;
    json_t *command = maker_list(m, "Cmd");
    return command ? append_words(command, value, 1) : -ENOMEM;
}

int put_command(struct maker *m, const struct key *key, const json_t *value)
{
    json_t *command = maker_list(m, "Cmd");
    return command ? append_words(command, value, 0) : -ENOMEM;
}

int say_entrypoint(struct line *l, const struct key *key, const json_t *value)
{
    const json_t *entrypoint = json_object_get(l->body, "Entrypoint");
    if (!entrypoint)
        return 0;
    if (json_array_size(entrypoint) == 0)
        return error_set(
            l->err, -ENOTSUP, ERROR_FAILED, NULL,
            "an empty entrypoint with the image's own command cannot be said on a docker line; "
            "give the command too");
    line_option(l, "--entrypoint", json_string_value(json_array_get(entrypoint, 0)));
    return 0;
}

int say_command(struct line *l, const struct key *key, const json_t *value)
{
    size_t i;
    json_t *word;
    json_array_foreach (json_object_get(l->body, "Cmd"), i, word) {
        (void)buf_putc(&l->command, ' ');
        shell_quote(&l->command, json_string_value(word));
    }
    return 0;
}
